import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();
/** Characters that move the cursor, begin a line or change the direction of the text; a server's message may contain any. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;
/** More than any terminal is wide. */
const MAX_CHARACTERS = 2000;

/** Returns a text as one line of at most `columns` columns, cut with … if it is longer. Wide characters (CJK, emoji) take two. */
export function fitText(text: string, columns: number): string {
  const line = text.slice(0, MAX_CHARACTERS).replace(UNSAFE, ' ');
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
