import { choice, number, type Option, type OptionsOf, object, wholeNumber } from '../util/options.js';
import type { AnalyzerOption } from './analysis/analyzer.js';
import { type SearchOptions, weightings } from './searcher.js';

/** The options of a search that are flags of a command. */
export const searchOptions = {
  k: wholeNumber({ help: 'the maximum number of hits for a query', default: 10 }),
  weighting: choice(weightings, {
    help: 'how the terms of a query are weighted: lucene by their count, dataflow by their own BM25 weight',
    default: 'lucene',
  }),
  threads: wholeNumber({
    help: 'threads that search, each with its own cache',
    default: 1,
    shapesRecords: false,
  }),
};

/** The options of `index.search`. */
export const queryOptions = {
  k: { ...searchOptions.k, aliases: ['limit'] },
  weighting: searchOptions.weighting,
  signal: object<AbortSignal>()(
    { help: 'stops the search' },
    { expected: 'an AbortSignal', accepts: (given) => given instanceof AbortSignal },
  ),
} satisfies Record<keyof SearchOptions, Option>;

/** The options of `openIndex`. */
export const openOptions = {
  cacheMb: number({
    help: 'memory for the postings and terms used last, in MB, in each thread',
    defaultText: '1/16 of the free memory, divided by the threads, from 16 to 128',
    min: 0,
    shapesRecords: false,
  }),
  threads: wholeNumber({
    help: "worker threads that search and compare; 0 searches in the caller's thread and blocks its event loop",
    default: 0,
    min: 0,
    shapesRecords: false,
  }),
  analyzer: object<AnalyzerOption>()(
    { help: 'the custom analyzer that the index was built with' },
    {
      expected: 'the name of an analyzer or a custom analyzer',
      accepts: (given) => ['string', 'function', 'object'].includes(typeof given),
    },
  ),
};

export type OpenIndexOptions = OptionsOf<typeof openOptions>;
