import type { Rejects } from '../../flow/rejects.js';
import { defaultKeys } from '../../record.js';
import { callback, key, number, type OptionsOf, object, onOff, text, value, wholeNumber } from '../../util/options.js';
import type { AnalyzerOption } from '../analysis/analyzer.js';
import { analyzerNames, snowballLanguages } from '../analysis/analyzerNames.js';

export interface BuildProgress {
  /** Documents indexed so far. */
  docs: number;
  rejected: number;
  seconds: number;
}

const analyzerChoices = ['auto', ...analyzerNames, ...snowballLanguages];

/** The options of `buildIndex`. */
export const indexOptions = {
  textKey: key(defaultKeys.text, {
    help: 'the key that holds the text; data.text is a path, title,text are joined by a line feed',
    group: 'Index',
  }),
  titleKey: text({
    help: 'the key of the title, which is indexed with the text and goes before it',
    placeholder: '<key>',
    defaultText: 'none',
    group: 'Index',
  }),
  idKey: key(defaultKeys.id, {
    help: 'the key that holds the id, or the path to it; a document without one gets its number, from 0',
    group: 'Index',
  }),
  analyzer: value<AnalyzerOption, { help: string; default: AnalyzerOption; placeholder: string; group: string }>(
    {
      help: 'how a text becomes terms: english, standard, cjk, multilingual, or a language (french, german, …) for stems; auto chooses english or multilingual by a sample of the corpus',
      default: 'auto',
      placeholder: '<name>',
      group: 'Index',
    },
    {
      expected: `${analyzerChoices.join(', ')}, or a custom analyzer`,
      accepts: (given) => isCustomAnalyzer(given) || analyzerChoices.includes(given as string),
      choices: analyzerChoices,
    },
  ),
  k1: number({ help: 'the k1 of BM25: the higher, the more repeated terms count', default: 0.9, min: 0 }),
  b: number({ help: 'the b of BM25: how much long documents are marked down, 0 to 1', default: 0.4, min: 0, max: 1 }),
  store: onOff({
    help: 'keep the texts in the index',
    helpOff:
      'do not copy the texts into the index: they are read from the corpus, plain JSONL files that must not change',
    default: true,
    group: 'Index',
  }),
  groupKey: text({
    help: 'the key of a value that related documents share; the index keeps it for the groupKey of bm25HardNeg',
    placeholder: '<key>',
    defaultText: 'none',
  }),
  memoryMb: number({
    help: 'memory for postings before they are written to disk, in MB',
    default: 256,
    above: 0,
    shapesRecords: false,
  }),
  overwrite: onOff({
    help: 'replace an existing index',
    helpOff: 'fail if there is an index',
    default: true,
    shapesRecords: false,
  }),
  threads: wholeNumber({ help: 'threads that analyze texts', default: 1, shapesRecords: false }),
  source: object<unknown>()(
    { help: 'what the index is made from, as JSON: kept in its manifest' },
    { expected: 'JSON', accepts: () => true },
  ),
  rejects: callback<Rejects>()({
    help: 'receives the records that cannot be indexed',
    defaultText: 'a process warning each',
  }),
  signal: object<AbortSignal>()(
    { help: 'stops the build and leaves no partial index' },
    { expected: 'an AbortSignal', accepts: (given) => given instanceof AbortSignal },
  ),
  onProgress: callback<(progress: BuildProgress) => void>()({ help: 'is called every 1,000 documents and at the end' }),
  onAnalyzer: callback<(name: string) => void>()({
    help: 'is called with the analyzer that auto chose, before anything is indexed',
  }),
};

export type BuildOptions = OptionsOf<typeof indexOptions>;

function isCustomAnalyzer(given: unknown): boolean {
  if (typeof given === 'function') return true;
  return typeof given === 'object' && given !== null && 'tokens' in given && typeof given.tokens === 'function';
}
