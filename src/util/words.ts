/** Scripts that are written without spaces: each character is a word by itself. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`;
const WORD = new RegExp(`${UNSPACED}|(?:(?!${UNSPACED})[\\p{L}\\p{M}\\p{N}])+`, 'gu');
const IS_UNSPACED = new RegExp(UNSPACED, 'u');

/** Returns the words of a text in lower case; of scripts without spaces, each character. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[^\p{ASCII}]/u) === null
    ? (text.toLowerCase().match(/[a-z0-9]+/g) ?? [])
    : (text.toLowerCase().match(WORD) ?? []);
}

/** Returns true if most of the words are single characters of a script without spaces. */
export function isUnspaced(words: string[]): boolean {
  return 2 * words.filter((word) => word.length <= 2 && IS_UNSPACED.test(word)).length > words.length;
}

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
