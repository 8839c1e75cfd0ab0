import { mayBeginEmoji } from './emoji.js';

/** What a code point may be to the word breaker; one code point may be several of these. */
export const CharClass = {
  letter: 1,
  hebrew: 2,
  numeric: 4,
  katakana: 8,
  /** Joins letters and digits: the underscore. */
  extendNumLet: 16,
  /** Stays inside a word when a letter follows: : . ' */
  midLetter: 32,
  /** Stays inside a number when a digit follows: , . ; ' */
  midNumeric: 64,
  /** Combining marks, joiners and format controls, which belong to what they follow. */
  ignorable: 128,
  /** Han and Hiragana: a word each. */
  single: 256,
  /** Thai, Lao, Khmer, Myanmar and their neighbours: a run is one word. */
  complex: 512,
  /** May begin an emoji sequence. */
  emoji: 1024,
} as const;

const C = CharClass;

const LETTER = /[\p{Alphabetic}\u05f3]/u;
const NOT_LETTER = /[\p{Ideographic}\p{Script=Hiragana}]/u;
const IGNORABLE = /[\p{Grapheme_Extend}\p{Mc}\p{Cf}]/u;
const NOT_IGNORABLE = /[\u200b]/u;
const KATAKANA = /[\p{Script=Katakana}\u3031-\u3035\u309b\u309c\u30a0\u30fc\uff70]/u;
const COMPLEX =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Ahom}]/u;
const COMPLEX_SIGN =
  /(?!\u1a7f)[\p{L}\p{M}\u109e\u109f\u19da\u19de\u19df\u1aa0-\u1aa6\u1aa8-\u1aad\uaa77-\uaa79\uaade\uaadf\u{1173a}\u{1173b}\u{1173f}]/u;

/** In the order of their use: the first that matches gives its classes, besides what emoji and complex scripts add. */
const SIMPLE: readonly (readonly [RegExp, number])[] = [
  [/[\p{Script=Han}\p{Script=Hiragana}]/u, C.single],
  [/\p{Nd}|\u066b/u, C.numeric],
  [/[\p{Pc}\u202f]/u, C.extendNumLet],
  [/[:\u00b7\u02d7\u0387\u05f4\u2027\ufe13\ufe55\uff1a]/u, C.midLetter],
  [/[.'\u2018\u2019\u2024\ufe52\uff07\uff0e]/u, C.midLetter | C.midNumeric],
  [/[,;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b]/u, C.midNumeric],
];

const HEBREW_LETTER = /(?=\p{Script=Hebrew})\p{Lo}/u;

const blocks: (Uint16Array | undefined)[] = [];

/** The classes of a code point, by Unicode's Word_Break rules (UAX #29) as Lucene 8 uses them; bits of `CharClass`. */
export function charClass(codePoint: number): number {
  const block = blocks[codePoint >> 8] ?? loadBlock(codePoint >> 8);
  return block[codePoint & 255] as number;
}

function loadBlock(number: number): Uint16Array {
  const block = Uint16Array.from({ length: 256 }, (_, at) => classify(String.fromCodePoint(number * 256 + at)));
  blocks[number] = block;
  return block;
}

function classify(char: string): number {
  let classes = mayBeginEmoji(char) ? C.emoji : 0;
  const complex = COMPLEX.test(char) && COMPLEX_SIGN.test(char);
  if (complex) classes |= C.complex;
  if (IGNORABLE.test(char) && !NOT_IGNORABLE.test(char)) return classes | C.ignorable;
  if (KATAKANA.test(char)) return classes | C.katakana;
  for (const [pattern, found] of SIMPLE) if (pattern.test(char)) classes |= found;
  if (!complex && LETTER.test(char) && !NOT_LETTER.test(char)) classes |= C.letter;
  if (HEBREW_LETTER.test(char)) classes |= C.hebrew;
  return classes;
}
