import { IndexError, UsageError } from '../../errors.js';
import { unknownName } from '../../util/check.js';
import type { Analyzer, AnalyzerOption } from './analyzer.js';
import { type AnalyzerName, analyzerNames } from './analyzerNames.js';
import { CjkAnalyzer } from './cjk.js';
import { EnglishAnalyzer } from './english.js';
import { MultilingualAnalyzer } from './multilingual.js';
import { StandardAnalyzer } from './standard.js';

const builtIn: Record<AnalyzerName, Analyzer> = {
  english: new EnglishAnalyzer(),
  standard: new StandardAnalyzer(),
  cjk: new CjkAnalyzer(),
  multilingual: new MultilingualAnalyzer(),
};
const analyzers: ReadonlyMap<string, Analyzer> = new Map(Object.entries(builtIn));

/** Returns the built-in analyzer of that name; throws UsageError for an unknown name. */
export function analyzerNamed(name: string): Analyzer {
  const found = analyzers.get(name);
  if (found !== undefined) return found;
  throw unknownName('analyzer', name, analyzerNames);
}

/** Returns the analyzer that an option means; throws UsageError for an unknown name, and for a custom analyzer without a unique name. */
export function analyzerOfOption(option: AnalyzerOption): Analyzer {
  if (typeof option === 'string') return analyzerNamed(option);
  const custom = typeof option === 'function' ? { name: option.name, tokens: (text: string) => option(text) } : option;
  if (analyzers.get(custom.name) === custom) return custom;
  if (custom.name === '') throw new UsageError('a custom analyzer must have a name', { hint: 'name the function' });
  if (!analyzers.has(custom.name)) return custom;
  throw new UsageError(`a custom analyzer cannot be named ${custom.name}: that is a built-in one`, {
    hint: 'choose another name',
  });
}

/**
 * Returns the analyzer of an index that was built with the one named `name`. If that is a custom one, it must be passed as `custom`.
 * Throws IndexError if it is missing or has another name.
 */
export function analyzerOfIndex(name: string, custom: AnalyzerOption | undefined): Analyzer {
  const analyzer = custom === undefined ? analyzers.get(name) : analyzerOfOption(custom);
  if (analyzer?.name === name) return analyzer;
  const problem = analyzer === undefined ? 'which is not a built-in one' : `not with ${analyzer.name}`;
  throw new IndexError(`the index was built with the analyzer ${name}, ${problem}`, {
    hint: analyzers.has(name) ? 'leave out the analyzer' : `pass it: openIndex(path, { analyzer: ${name} })`,
  });
}
