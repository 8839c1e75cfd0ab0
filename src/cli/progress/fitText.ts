import stringWidth from 'string-width';
import { printableLine } from '../../util/printable.js';

const graphemes = new Intl.Segmenter();
/** More than any terminal is wide. */
const MAX_CHARACTERS = 2000;

/** Returns a text as one line of at most `columns` columns, cut with … if it is longer. Wide characters (CJK, emoji) take two. */
export function fitText(text: string, columns: number): string {
  const line = printableLine(text.slice(0, MAX_CHARACTERS));
  if (stringWidth(line) <= columns) return line;
  let fitting = '';
  let width = 1;
  for (const { segment } of graphemes.segment(line)) {
    width += stringWidth(segment);
    if (width > columns) break;
    fitting += segment;
  }
  return columns < 1 ? '' : `${fitting}…`;
}
