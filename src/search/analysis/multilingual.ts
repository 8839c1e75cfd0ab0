import type { Analyzer } from './analyzer.js';
import { BigramWriter, isCjkWord } from './bigrams.js';
import { lowerCase } from './lowerCase.js';
import { StandardTokenizer } from './standardTokenizer.js';
import { CharClass as C, charClass } from './wordBreak.js';

/**
 * The analyzer for texts in several languages, or in one that is not English; it treats each script of a text by its own rule. Han,
 * Hiragana, Katakana and Hangul become pairs of characters, as in `cjk`, and so do Thai, Lao, Khmer and Burmese; words of all other
 * scripts stay whole. Terms have one width, case and form (Unicode's NFKC); there are no stop words and no stemming.
 */
export class MultilingualAnalyzer implements Analyzer {
  readonly name = 'multilingual';

  tokens(text: string): string[] {
    const made = new BigramWriter();
    const words = new StandardTokenizer(text);
    while (words.next()) {
      const word = text.slice(words.start, words.end);
      const term = lowerCase(word.normalize('NFKC'));
      if (isCjkWord(word) || isComplexWord(word)) made.run(term, words.start, words.end);
      else made.word(term);
    }
    return made.finish();
  }
}

/** True for a word of Thai, Lao, Khmer, Burmese or a related script. */
function isComplexWord(word: string): boolean {
  return (charClass(word.codePointAt(0) as number) & C.complex) !== 0;
}
