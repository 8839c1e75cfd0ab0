// Words are counted in two ways, because they serve two ends. To compare texts (shingles, n-grams, repeated phrases, and the limits of
// filter-documents) a word is the smallest unit that can be found without a dictionary: in Chinese, Japanese or Thai a character.
// To make passages of one length in all languages (split, inspect) a word is as much text as an English one: two characters of
// Chinese or Japanese, on average. So 20 words of filter-documents are 20 characters, and 200 words of split are 400.

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

const IN_WORD = /[\p{L}\p{M}\p{N}]/u;

const CharKind = { unknown: 0, between: 1, inWord: 2, alone: 3 } as const;

/** By code point, filled in at first use; a zeroed page that is never touched takes no memory. */
const kinds = new Uint8Array(0x110000);
const lowerCases = new Uint32Array(0x110000);

function learn(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const kind = IS_UNSPACED.test(character)
    ? CharKind.alone
    : IN_WORD.test(character)
      ? CharKind.inWord
      : CharKind.between;
  kinds[codePoint] = kind;
  lowerCases[codePoint] = character.toLowerCase().codePointAt(0) as number;
  return kind;
}

/** Walks over the words that `wordsOf` finds in a text, without making a text of each. */
export class WordWalk {
  /** The current word, hashed in lower case by FNV-1a. */
  hash = 0;
  start = 0;
  end = 0;
  /** True for a single character of a script without spaces. */
  isAlone = false;

  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next word; returns false at the end. */
  next(): boolean {
    const text = this.#text;
    let at = this.end;
    let hash = 0x811c9dc5;
    let inWord = false;
    this.isAlone = false;
    while (at < text.length && !this.isAlone) {
      const code = text.charCodeAt(at);
      const codePoint = code >= 0xd800 && code < 0xdc00 ? (text.codePointAt(at) as number) : code;
      const kind = kinds[codePoint] || learn(codePoint);
      if (inWord && kind !== CharKind.inWord) break;
      if (!inWord) this.start = at;
      at += codePoint > 0xffff ? 2 : 1;
      if (kind === CharKind.between) continue;
      hash = Math.imul(hash ^ (lowerCases[codePoint] as number), 0x01000193);
      inWord = true;
      this.isAlone = kind === CharKind.alone;
    }
    this.end = at;
    this.hash = hash;
    return inWord;
  }
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
