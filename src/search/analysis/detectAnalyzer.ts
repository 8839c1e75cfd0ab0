import { englishStopWords } from './stopWords.js';

/** A sample of fewer words is too small to show its language. */
const MIN_WORDS = 100;
/** Lucene's stop words are 0.24 to 0.35 of the words in English abstracts and manuals and 0.17 in titles; in other languages far fewer. */
const MIN_STOP_WORDS = 0.12;
const MAX_FOREIGN_LETTERS = 0.2;

/**
 * Chooses the analyzer of a corpus by a sample of its texts: `english` if they are in English, or too short to detect the language,
 * else `multilingual`.
 */
export function detectAnalyzer(texts: readonly string[]): 'english' | 'multilingual' {
  let [letters, foreign, words, stopWords] = [0, 0, 0, 0];
  for (const text of texts) {
    for (const [word] of text.matchAll(/[\p{L}\p{M}]+/gu)) {
      letters += word.length;
      if (!/^\p{Script=Latin}/u.test(word)) foreign += word.length;
      words++;
      if (englishStopWords.has(word.toLowerCase())) stopWords++;
    }
  }
  if (foreign > MAX_FOREIGN_LETTERS * letters) return 'multilingual';
  return words >= MIN_WORDS && stopWords < MIN_STOP_WORDS * words ? 'multilingual' : 'english';
}
