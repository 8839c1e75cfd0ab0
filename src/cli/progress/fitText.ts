import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();
/** Characters that move the cursor, begin a line or turn the direction of the text: what a server said may hold any. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;
/** No terminal is as wide. */
const mostCharacters = 2000;

/** A text in one line of at most so many columns, cut with … where it is longer. Wide characters (CJK, emoji) take two. */
export function fitText(text: string, columns: number): string {
  const line = text.slice(0, mostCharacters).replace(unsafe, ' ');
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

/** As many of some parts, from the first on, as fit side by side. */
export function fitParts(parts: string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}, ${part}`;
    if (stringWidth(longer) > columns) break;
    line = longer;
  }
  return line;
}
