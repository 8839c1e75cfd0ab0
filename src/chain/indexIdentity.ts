import type { Bm25Index } from '../search/bm25Index.js';

/** Returns the facts that distinguish an index from one of other texts, and are the same for one that is built again. */
export function indexIdentity({ manifest }: Pick<Bm25Index, 'manifest'>) {
  const { analyzer, k1, b, docCount, sumDocLength } = manifest;
  return { docs: docCount, terms: sumDocLength, analyzer, k1, b };
}
