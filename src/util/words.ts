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
