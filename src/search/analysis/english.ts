import type { Analyzer } from './analyzer.js';
import { lowerCase } from './lowerCase.js';
import { porterStem } from './porterStemmer.js';
import { StandardTokenizer } from './standardTokenizer.js';
import { englishStopWords } from './stopWords.js';

/** Distinct words whose terms are cached; the cache is cleared when it is full. */
const MAX_CACHED_WORDS = 100_000;

/** Lucene's EnglishAnalyzer, token for token. */
export class EnglishAnalyzer implements Analyzer {
  readonly name = 'english';
  /** Maps a word as written to its term, '' for a stop word. */
  #terms = new Map<string, string>();

  tokens(text: string): string[] {
    const tokens: string[] = [];
    const words = new StandardTokenizer(text);
    while (words.next()) {
      const word = words.word;
      const term = this.#terms.get(word) ?? this.#remember(word);
      if (term !== '') tokens.push(term);
    }
    return tokens;
  }

  termOf(word: string): string {
    return englishTerm(word);
  }

  #remember(word: string): string {
    if (this.#terms.size >= MAX_CACHED_WORDS) this.#terms.clear();
    const own = detach(word);
    const term = englishTerm(own);
    this.#terms.set(own, term);
    return term;
  }
}

function englishTerm(word: string): string {
  const lower = lowerCase(withoutPossessive(word));
  return englishStopWords.has(lower) ? '' : porterStem(lower);
}

function withoutPossessive(word: string): string {
  return /['\u2019\uff07][sS]$/.test(word) ? word.slice(0, -2) : word;
}

/** Copies the characters: a slice would keep the whole text that it was cut from in memory. */
function detach(word: string): string {
  return word.length < 13 ? word : ` ${word}`.slice(1);
}
