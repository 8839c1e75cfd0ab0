import type { Analyzer } from './analyzer.js';
import { foldWidth } from './foldWidth.js';
import { lowerCase } from './lowerCase.js';
import { WordScanner } from './standardTokenizer.js';
import { CharClass as C, charClass } from './wordBreak.js';

/** The stop words of Lucene's CJKAnalyzer. */
const STOP_WORDS = new Set(
  (
    'a and are as at be but by for if in into is it no not of on or s such t that the their then there these they this ' +
    'to was will with www'
  ).split(' '),
);

/**
 * Lucene's CJKAnalyzer, token for token: words of UAX #29 in lower case and of one width, with runs of Han, Hiragana, Katakana
 * and Hangul as overlapping pairs of characters (a character alone as itself).
 */
export class CjkAnalyzer implements Analyzer {
  readonly name = 'cjk';

  tokens(text: string): string[] {
    const made = new BigramWriter();
    const words = new WordScanner(text);
    while (words.next()) {
      const word = text.slice(words.start, words.end);
      const term = lowerCase(foldWidth(word));
      if (isCjkWord(word) && !isIterationMark(word)) made.run(term, words.start, words.end);
      else made.word(term);
    }
    return made.finish().filter((term) => !STOP_WORDS.has(term));
  }
}

/**
 * For texts of several languages, or of one that is not English: each script by its own rule within one text. Han, Hiragana,
 * Katakana and Hangul become pairs of characters, as in `cjk`, and so do Thai, Lao, Khmer and Burmese; words of all other
 * scripts are taken whole. All are of one width, case and form (Unicode's NFKC); there are no stop words and no stemming.
 */
export class MultilingualAnalyzer implements Analyzer {
  readonly name = 'multilingual';

  tokens(text: string): string[] {
    const made = new BigramWriter();
    const words = new WordScanner(text);
    while (words.next()) {
      const word = text.slice(words.start, words.end);
      const term = lowerCase(word.normalize('NFKC'));
      if (isCjkWord(word) || isComplexWord(word)) made.run(term, words.start, words.end);
      else made.word(term);
    }
    return made.finish();
  }
}

/** Puts runs of adjacent words of single characters together and writes their pairs. */
class BigramWriter {
  readonly #tokens: string[] = [];
  #run: string[] = [];
  #end = -1;

  word(term: string): void {
    this.#endRun();
    this.#tokens.push(term);
  }

  run(chars: string, start: number, end: number): void {
    if (start !== this.#end) this.#endRun();
    this.#run.push(...chars);
    this.#end = end;
  }

  finish(): string[] {
    this.#endRun();
    return this.#tokens;
  }

  #endRun(): void {
    const run = this.#run;
    if (run.length === 1) this.#tokens.push(run[0] as string);
    for (let at = 1; at < run.length; at++) this.#tokens.push(`${run[at - 1]}${run[at]}`);
    if (run.length > 0) this.#run = [];
  }
}

/** 々 and its like are letters to StandardTokenizer, not ideographs. */
function isIterationMark(word: string): boolean {
  const both = C.single | C.letter;
  return (charClass(word.codePointAt(0) as number) & both) === both;
}

const HANGUL = /^[\p{Script=Hangul}\p{Grapheme_Extend}\p{Mc}\p{Cf}]+$/u;

/** Whether the word is of Han, Hiragana, Katakana or Hangul alone. */
function isCjkWord(word: string): boolean {
  const first = word.codePointAt(0) as number;
  if (first < 0x1100) return false;
  const classes = charClass(first);
  if ((classes & C.single) !== 0) return true;
  if ((classes & C.katakana) !== 0) return consistsOf(word, C.katakana | C.ignorable);
  return (classes & C.letter) !== 0 && HANGUL.test(word);
}

function isComplexWord(word: string): boolean {
  return (charClass(word.codePointAt(0) as number) & C.complex) !== 0;
}

function consistsOf(word: string, classes: number): boolean {
  for (const char of word) if ((charClass(char.codePointAt(0) as number) & classes) === 0) return false;
  return true;
}
