import type { Analyzer } from './analyzer.js';
import { lowerCase } from './lowerCase.js';
import { StandardTokenizer } from './standardTokenizer.js';

/** Lucene's StandardAnalyzer without stop words, token for token: the words of UAX #29 in lower case. */
export class StandardAnalyzer implements Analyzer {
  readonly name = 'standard';

  tokens(text: string): string[] {
    const tokens: string[] = [];
    const words = new StandardTokenizer(text);
    while (words.next()) tokens.push(this.termOf(words.word));
    return tokens;
  }

  termOf(word: string): string {
    return lowerCase(word);
  }
}
