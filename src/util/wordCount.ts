/** Returns true for a character of Chinese or Japanese, which needs no blank after it and counts as half a word. */
export const isWide = (code: number): boolean => code >= 0x3040 && code <= 0x9fff;

/** Returns true for a blank. */
export const isBlankCode = (code: number): boolean => code <= 0x20 || code === 0xa0 || code === 0x3000;

/** Counts words: what blanks separate, and each character of Chinese and Japanese as half a word. */
export function countWords(text: string): number {
  let words = 0;
  let wide = 0;
  let isWithin = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWide(code)) wide++;
    const isInWord = !isWide(code) && !isBlankCode(code);
    if (isInWord && !isWithin) words++;
    isWithin = isInWord;
  }
  return words + Math.round(wide / 2);
}
