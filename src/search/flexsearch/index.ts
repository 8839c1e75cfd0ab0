/** `rareflow/flexsearch`: a storage for FlexSearch that ranks by exact BM25 and keeps its index on disk. */
export { type Bm25Options, bm25Options } from './options.js';
export { Bm25Storage, type Bm25StorageOptions, type EnrichedHit } from './storage.js';
