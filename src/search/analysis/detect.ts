import { STOP_WORDS } from './analyzer.js';

/** Under so many words a sample says nothing of its language. */
const FEW_WORDS = 100;
/** Lucene's stop words are 0.24 to 0.35 of the words of English abstracts and manuals, 0.17 of titles; of other languages far fewer. */
const LEAST_STOP_WORDS = 0.12;
const MOST_FOREIGN_LETTERS = 0.2;

/**
 * The analyzer that suits a corpus, by a sample of its texts: `english` where they are in English or too short to tell, else
 * `multilingual`.
 */
export function detectAnalyzer(texts: readonly string[]): 'english' | 'multilingual' {
  let [letters, foreign, words, stopWords] = [0, 0, 0, 0];
  for (const text of texts) {
    for (const [word] of text.matchAll(/[\p{L}\p{M}]+/gu)) {
      letters += word.length;
      if (!/^\p{Script=Latin}/u.test(word)) foreign += word.length;
      words++;
      if (STOP_WORDS.has(word.toLowerCase())) stopWords++;
    }
  }
  if (foreign > MOST_FOREIGN_LETTERS * letters) return 'multilingual';
  return words >= FEW_WORDS && stopWords < LEAST_STOP_WORDS * words ? 'multilingual' : 'english';
}
