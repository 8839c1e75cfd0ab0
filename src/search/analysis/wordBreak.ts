/** The classes of code points in word breaking; a code point may be in several. */
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
  /** Combining marks, joiners and format controls, which belong to the character before them. */
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

/** The simple classes and their patterns; emoji and complex scripts are added to these. */
const simpleClasses: readonly (readonly [RegExp, number])[] = [
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
  const block = Uint16Array.from({ length: 256 }, (_, at) => classesOf(String.fromCodePoint(number * 256 + at)));
  blocks[number] = block;
  return block;
}

function classesOf(char: string): number {
  let classes = mayBeginEmoji(char) ? C.emoji : 0;
  const complex = COMPLEX.test(char) && COMPLEX_SIGN.test(char);
  if (complex) classes |= C.complex;
  if (IGNORABLE.test(char) && !NOT_IGNORABLE.test(char)) return classes | C.ignorable;
  if (KATAKANA.test(char)) return classes | C.katakana;
  for (const [pattern, found] of simpleClasses) if (pattern.test(char)) classes |= found;
  if (!complex && LETTER.test(char) && !NOT_LETTER.test(char)) classes |= C.letter;
  if (HEBREW_LETTER.test(char)) classes |= C.hebrew;
  return classes;
}

// The grammar of UTS #51 (emoji_sequence) as Lucene 8's StandardTokenizer has it. Every alternative is written so that the
// first match of the regular expression is also the longest one.
const EXTEND = '(?![\\u200b\\ufe0e\\ufe0f])[\\p{Grapheme_Extend}\\p{Mc}\\p{Cf}]';
// Emoji 11 counted more symbols as pictographic than later versions do: the chess pieces, the playing cards, …
const PICTOGRAPHIC =
  '\\p{Extended_Pictographic}\\u2388\\u2605\\u2607-\\u2612\\u2616-\\u2685\\u2690-\\u2704\\u270e-\\u2711\\u2765-\\u2767' +
  '\\u{1f000}-\\u{1f0f5}\\u{1f10d}-\\u{1f10f}\\u{1f12f}\\u{1f16c}-\\u{1f16f}\\u{1f1ad}\\u{1f260}-\\u{1f4fe}\\u{1f546}-\\u{1f5f9}' +
  '\\u{1f6c6}-\\u{1f6f2}\\u{1f774}-\\u{1f77f}\\u{1f7d5}-\\u{1f7d9}\\u{1f8b0}-\\u{1f8d8}\\u{1fa00}-\\u{1fbff}';
const CHAR = `(?![0-9#*\\p{Regional_Indicator}\\p{Emoji_Modifier}])[\\p{Emoji}${PICTOGRAPHIC}]`;
const MODIFIED = `(?:\\u200d*\\p{Emoji_Modifier_Base}(?:${EXTEND})*)?\\p{Emoji_Modifier}(?:${EXTEND})*`;
const ELEMENT = `(?:${MODIFIED}|\\u200d*${CHAR}(?:${EXTEND})*\\ufe0f?)`;
const TAGS = '[\\u{E0020}-\\u{E007E}]+\\u{E007F}';
const SEQUENCE = `${ELEMENT}(?:${TAGS}|(?:(?:(?<=\\u200d)|\\u200d)${ELEMENT})*)`;
const KEYCAP = `[0-9#*](?:${EXTEND})*\\ufe0f?\\u20e3(?:${EXTEND})*`;
const FLAG_HALF = '\\p{Regional_Indicator}(?:(?!\\u200b)[\\p{Grapheme_Extend}\\p{Mc}\\p{Cf}])*';
const EMOJI = new RegExp(`${KEYCAP}|${FLAG_HALF}${FLAG_HALF}|${SEQUENCE}`, 'uy');

const FIRST = new RegExp(`[\\p{Emoji}\\u200d${PICTOGRAPHIC}]`, 'u');

/** True for a character that may begin an emoji sequence: also those of keycaps (0-9, #, *) and the joiner. */
function mayBeginEmoji(char: string): boolean {
  return FIRST.test(char);
}

/** Returns the length of the emoji sequence at the start of `text`, in UTF-16 units; 0 if there is none. */
export function emojiLength(text: string): number {
  EMOJI.lastIndex = 0;
  return EMOJI.test(text) ? EMOJI.lastIndex : 0;
}
