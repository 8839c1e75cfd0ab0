/** The names of the analyzers of rareflow, as options. They are apart from the code, so that a command line is read without loading it. */
export const analyzerNames = ['english', 'standard', 'cjk', 'multilingual'] as const;

export type AnalyzerName = (typeof analyzerNames)[number];

/** The languages whose words are stemmed by Snowball's algorithms, each the name of an analyzer. */
export const snowballLanguages = [
  ...[
    'arabic',
    'armenian',
    'danish',
    'dutch',
    'finnish',
    'french',
    'german',
    'greek',
    'hindi',
    'hungarian',
    'indonesian',
  ],
  ...[
    'irish',
    'italian',
    'lithuanian',
    'nepali',
    'norwegian',
    'portuguese',
    'romanian',
    'russian',
    'serbian',
    'spanish',
  ],
  ...['swedish', 'tamil', 'turkish'],
] as const;

export type SnowballLanguage = (typeof snowballLanguages)[number];

/** The name that an index keeps for `multilingual`. An index with `multilingual` itself, or `multilingual-2`, has the terms of a former version. */
export const MULTILINGUAL = 'multilingual-3';

const storedNames: ReadonlySet<string> = new Set([
  ...analyzerNames,
  'multilingual-2',
  MULTILINGUAL,
  ...snowballLanguages,
]);

/** Returns true if an index with this name of an analyzer was built with one of ours. */
export function isAnalyzerName(name: string): boolean {
  return storedNames.has(name);
}
