import { IndexError, UsageError } from '../../errors.js';
import { CjkAnalyzer, MultilingualAnalyzer } from './cjk.js';
import { lowerCase } from './lowerCase.js';
import { porterStem } from './porterStemmer.js';
import { StandardAnalyzer } from './standard.js';
import { WordScanner } from './standardTokenizer.js';

/** Makes the terms of a text. An index is searched with the analyzer that it was built with. */
export interface Analyzer {
  readonly name: string;
  /** The terms in the order of the text, repeated as often as they occur. */
  tokens(text: string): string[];
  /** Where the terms of a text are those of the words that WordScanner finds in it: the term of a word, '' for none. */
  termOf?(word: string): string;
}

/** Lucene's 33 English stop words. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this ' +
    'to was will with'
  ).split(' '),
);

/** Distinct words whose terms are remembered; a new generation begins when it is full. */
const CACHED_WORDS = 100_000;

/** Lucene's EnglishAnalyzer, token for token. */
class EnglishAnalyzer implements Analyzer {
  readonly name = 'english';
  /** Word as written → its term, '' for a stop word. */
  #terms = new Map<string, string>();

  tokens(text: string): string[] {
    const tokens: string[] = [];
    const words = new WordScanner(text);
    while (words.next()) {
      const word = text.slice(words.start, words.end);
      const term = this.#terms.get(word) ?? this.#remember(word);
      if (term !== '') tokens.push(term);
    }
    return tokens;
  }

  termOf(word: string): string {
    return englishTerm(word);
  }

  #remember(word: string): string {
    if (this.#terms.size >= CACHED_WORDS) this.#terms.clear();
    const own = detach(word);
    const term = englishTerm(own);
    this.#terms.set(own, term);
    return term;
  }
}

function englishTerm(word: string): string {
  const lower = lowerCase(withoutPossessive(word));
  return STOP_WORDS.has(lower) ? '' : porterStem(lower);
}

function withoutPossessive(word: string): string {
  return /['\u2019\uff07][sS]$/.test(word) ? word.slice(0, -2) : word;
}

/** A copy with its own characters: a slice would keep the whole text it was cut from in memory. */
function detach(word: string): string {
  return word.length < 13 ? word : ` ${word}`.slice(1);
}

const ANALYZERS: ReadonlyMap<string, Analyzer> = new Map(
  [new EnglishAnalyzer(), new StandardAnalyzer(), new CjkAnalyzer(), new MultilingualAnalyzer()].map((one) => [
    one.name,
    one,
  ]),
);

/** The names that `analyzerNamed` knows. */
export const analyzerNames: readonly string[] = [...ANALYZERS.keys()];

/** The analyzer of that name; throws a UsageError that lists the known ones. */
export function analyzerNamed(name: string): Analyzer {
  const found = ANALYZERS.get(name);
  if (found !== undefined) return found;
  throw new UsageError(`no analyzer is named ${JSON.stringify(name)}`, { hint: `one of: ${analyzerNames.join(', ')}` });
}

/** An analyzer by name, or one of your own: an object with a name, or a named function from a text to its terms. */
export type AnalyzerOption = string | Analyzer | ((text: string) => string[]);

/** The analyzer that an option means; throws a UsageError for an unknown name, or a name of your own that is ours or missing. */
export function analyzerOfOption(option: AnalyzerOption): Analyzer {
  if (typeof option === 'string') return analyzerNamed(option);
  const own = typeof option === 'function' ? { name: option.name, tokens: (text: string) => option(text) } : option;
  if (ANALYZERS.get(own.name) === own) return own;
  if (own.name === '') throw new UsageError('an analyzer of your own needs a name', { hint: 'name the function' });
  if (!ANALYZERS.has(own.name)) return own;
  throw new UsageError(`an analyzer of your own cannot be named ${own.name}: that is one of ours`);
}

/**
 * The analyzer of an index that remembers the name `name`; `own` is needed where it is none of ours. Throws an IndexError where
 * `own` is missing or another one.
 */
export function analyzerOfIndex(name: string, own: AnalyzerOption | undefined): Analyzer {
  const analyzer = own === undefined ? ANALYZERS.get(name) : analyzerOfOption(own);
  if (analyzer?.name === name) return analyzer;
  const given = analyzer === undefined ? 'which is none of ours' : `not with ${analyzer.name}`;
  throw new IndexError(`the index was built with the analyzer ${name}, ${given}`, {
    hint: ANALYZERS.has(name) ? 'leave the analyzer out' : `pass the function: openIndex(path, { analyzer: ${name} })`,
  });
}
