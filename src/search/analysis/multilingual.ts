import type { Analyzer } from './analyzer.js';
import { MULTILINGUAL } from './analyzerNames.js';
import { BigramWriter, isCjkWord } from './bigrams.js';
import { foldTerm } from './foldTerm.js';
import { lowerCase } from './lowerCase.js';
import { StandardTokenizer } from './standardTokenizer.js';
import { CharClass as C, charClass } from './wordBreak.js';

/**
 * The analyzer for texts in several languages, or in one that is not English; it treats each script of a text by its own rule. Han,
 * Hiragana, Katakana and Hangul become pairs of characters, as in `cjk`, and so do Thai, Lao, Khmer and Burmese; words of all other
 * scripts stay whole, in the form of `foldTerm`. There are no stop words, and words are stemmed only if a stemmer is passed.
 */
export class MultilingualAnalyzer implements Analyzer {
  readonly name: string;
  readonly #termOf: (word: string) => string;
  readonly #stemmerOf: (() => (word: string) => string) | undefined;
  #stem: ((word: string) => string) | undefined;

  /** `stemmerOf` is called at the first word. */
  constructor({
    name = MULTILINGUAL,
    termOf = foldTerm,
    stemmerOf,
  }: {
    name?: string;
    termOf?: (word: string) => string;
    stemmerOf?: () => (word: string) => string;
  } = {}) {
    this.name = name;
    this.#termOf = termOf;
    this.#stemmerOf = stemmerOf;
  }

  tokens(text: string): string[] {
    this.#stem ??= this.#stemmerOf?.();
    const made = new BigramWriter();
    const words = new StandardTokenizer(text);
    while (words.next()) {
      const word = words.word;
      const term = this.#termOf(word);
      if (term === '') continue; // marks alone
      if (isCjkWord(word) || isComplexWord(word)) made.run(term, words.start, words.end);
      else made.word(this.#stem === undefined ? term : this.#stem(term));
    }
    return made.finish();
  }
}

/** The term of a word in indexes of rareflow 0.1: its width, case and Unicode form alone are folded. */
export function formerTerm(word: string): string {
  return lowerCase(word.normalize('NFKC'));
}

/** True for a word of Thai, Lao, Khmer, Burmese or a related script. */
function isComplexWord(word: string): boolean {
  return (charClass(word.codePointAt(0) as number) & C.complex) !== 0;
}
