import { lowerCase } from './lowerCase.js';

/** Soft hyphens, joiners and marks of direction: they are drawn as nothing. */
const FORMAT_MARKS = /\p{Cf}/gu;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const APOSTROPHES = /[\u2018\u2019\u02bc\uff07]/g;
/** Arabic: short vowels, the superscript alef and the tatweel. Hebrew: points and accents. Cyrillic: stress. */
const DROPPED_MARKS =
  /[\u064b-\u065f\u0670\u0640\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]|(?<=\p{Script=Cyrillic})[\u0300\u0301]/gu;
/** The articles and pronouns that French and Italian join to a word, as Lucene's ElisionFilter has them. */
const ELISION =
  /^(?:l|m|t|qu|n|s|j|d|c|jusqu|quoiqu|lorsqu|puisqu|all|dall|dell|nell|sull|coll|pell|gl|agl|dagl|degl|negl|sugl|un|v)'(?=.)/;

/** Letters of one sound or of a final form, and the letter that stands for them: those of Lucene's Arabic and Persian normalizers. */
const LETTERS_OF_2: Record<string, string> = {
  ß: 'ss',
  ς: 'σ',
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
};
/** The same with those of Lucene's GreekLowerCaseFilter (capitals are written without the tonos), ё, and ı, whose capital is that of i. */
const LETTERS: Record<string, string> = {
  ...LETTERS_OF_2,
  ı: 'i',
  ё: 'е',
  ά: 'α',
  έ: 'ε',
  ή: 'η',
  ί: 'ι',
  ϊ: 'ι',
  ΐ: 'ι',
  ό: 'ο',
  ύ: 'υ',
  ϋ: 'υ',
  ΰ: 'υ',
  ώ: 'ω',
};
const anyOf = (letters: string[]) => new RegExp(`[${letters.join('')}]`, 'g');
const FOLDED_LETTERS_OF_2 = anyOf(Object.keys(LETTERS_OF_2));
const FOLDED_LETTERS = anyOf(Object.keys(LETTERS));
const FOLDED_TURKISH_LETTERS = anyOf(Object.keys(LETTERS).filter((letter) => letter !== 'ı'));
const ASCII_WORD = /^[a-z0-9]*$/;

/**
 * Returns the form under which a word is found, however it is typed: one width, case and form (NFKC), without marks that are not
 * drawn or not always written, and without a French or Italian article before an apostrophe. Accents stay.
 */
export function foldTerm(word: string): string {
  return fold(lowerCase(word.normalize('NFKC')), FOLDED_LETTERS).replace(ELISION, '');
}

/** The form of words in indexes with `multilingual-2`. */
export function foldTermOf2(word: string): string {
  return fold(lowerCase(word.normalize('NFKC')), FOLDED_LETTERS_OF_2).replace(ELISION, '');
}

/** The same for a word of Turkish: I is the capital of ı, which stays, and what follows the apostrophe of a name is left out. */
export function foldTurkishTerm(word: string): string {
  const lower = lowerCase(word.normalize('NFKC').replaceAll('I', 'ı'));
  return fold(lower, FOLDED_TURKISH_LETTERS).replace(/(?<=.)'.*$/, '');
}

function fold(lower: string, letters: RegExp): string {
  if (ASCII_WORD.test(lower) || !LETTER_OR_DIGIT.test(lower)) return lower;
  const bare = lower.replace(FORMAT_MARKS, '').replace(DROPPED_MARKS, '');
  return bare.replace(letters, (letter) => LETTERS[letter] as string).replace(APOSTROPHES, "'");
}
