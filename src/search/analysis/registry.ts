import { IndexError, UsageError } from '../../errors.js';
import { unknownName } from '../../util/check.js';
import type { Analyzer, AnalyzerOption } from './analyzer.js';
import { analyzerNames, MULTILINGUAL, snowballLanguages } from './analyzerNames.js';
import { CjkAnalyzer } from './cjk.js';
import { EnglishAnalyzer } from './english.js';
import { foldTermOf2 } from './foldTerm.js';
import { formerTerm, MultilingualAnalyzer } from './multilingual.js';
import { snowballAnalyzer } from './snowball.js';
import { StandardAnalyzer } from './standard.js';

const builtIn: Analyzer[] = [
  new EnglishAnalyzer(),
  new StandardAnalyzer(),
  new CjkAnalyzer(),
  // What earlier indexes were built with.
  new MultilingualAnalyzer({ name: 'multilingual', termOf: formerTerm }),
  new MultilingualAnalyzer({ name: 'multilingual-2', termOf: foldTermOf2 }),
  new MultilingualAnalyzer(),
  ...snowballLanguages.map(snowballAnalyzer),
];
/** The analyzers by the names that indexes keep. */
const analyzers: ReadonlyMap<string, Analyzer> = new Map(builtIn.map((analyzer) => [analyzer.name, analyzer]));
/** The name that an index keeps for an option today, if it is another. */
const current: Readonly<Record<string, string>> = { multilingual: MULTILINGUAL, 'multilingual-1': 'multilingual' };

/** Returns the analyzer of the name that an index keeps; throws UsageError for an unknown name. */
export function analyzerNamed(name: string): Analyzer {
  const found = analyzers.get(name);
  if (found !== undefined) return found;
  throw unknownName('analyzer', name, [...analyzerNames, ...snowballLanguages]);
}

/** Returns the option that means the analyzer of the name that an index keeps. */
export function analyzerOption(name: string): string {
  return Object.entries(current).find(([, kept]) => kept === name)?.[0] ?? name;
}

/** Returns the analyzer that an option means; throws UsageError for an unknown name, and for a custom analyzer without a unique name. */
export function analyzerOfOption(option: AnalyzerOption): Analyzer {
  if (typeof option === 'string') return analyzerNamed(current[option] ?? option);
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
  // An option names all versions of an analyzer: the index decides which.
  const isVersion = (option: string) => current[option] === name || name.startsWith(`${option}-`);
  const isOwn = custom === undefined || custom === name || (typeof custom === 'string' && isVersion(custom));
  const analyzer = isOwn ? analyzers.get(name) : analyzerOfOption(custom);
  if (analyzer?.name === name) return analyzer;
  const problem = analyzer === undefined ? 'which is not a built-in one' : `not with ${analyzer.name}`;
  throw new IndexError(`the index was built with the analyzer ${name}, ${problem}`, {
    hint: analyzers.has(name) ? 'leave out the analyzer' : `pass it: openIndex(path, { analyzer: ${name} })`,
  });
}
