import { createRequire } from 'node:module';
import type { SnowballLanguage } from './analyzerNames.js';
import { foldTerm, foldTurkishTerm } from './foldTerm.js';
import { MultilingualAnalyzer } from './multilingual.js';

/** Distinct words whose stems are cached; the cache is cleared when it is full. */
const MAX_CACHED_STEMS = 100_000;

/** The package's names of languages, if they are not ours. */
const packageNames: Partial<Record<SnowballLanguage, string>> = { hindi: 'indian' };

/**
 * Returns the analyzer of a language: the words of `multilingual`, stemmed by the language's algorithm of Snowball (snowballstem.org;
 * the package @orama/stemmers, of which package.json names one version: other stems would not fit old indexes; .ci/bundle.mjs puts its stemmers into dist/).
 */
export function snowballAnalyzer(language: SnowballLanguage): MultilingualAnalyzer {
  const termOf = language === 'turkish' ? foldTurkishTerm : foldTerm;
  return new MultilingualAnalyzer({ name: language, termOf, stemmerOf: () => cached(stemmerOf(language)) });
}

/** Loads a stemmer; each is needed by few, so none is loaded before it is used. */
function stemmerOf(language: SnowballLanguage): (word: string) => string {
  const require = createRequire(import.meta.url);
  const name = packageNames[language] ?? language;
  const { stemmer } = require(`@orama/stemmers/${name}`) as { stemmer: (word: string) => string };
  return stemmer;
}

function cached(stem: (word: string) => string): (word: string) => string {
  const stems = new Map<string, string>();
  return (word) => {
    const found = stems.get(word);
    if (found !== undefined) return found;
    const made = stem(word) || word;
    if (stems.size >= MAX_CACHED_STEMS) stems.clear();
    stems.set(word, made);
    return made;
  };
}
