import { keyBytes } from './bytes.js';
import { decodePostings } from './postings.js';
import type { SegmentReader } from './segmentReader.js';

/** One term's postings in the whole index. */
export interface TermPostings {
  docs: Uint32Array;
  tfs: Uint32Array;
}

/** Reads the postings of a term from all segments; empty where no document has it. */
export function readTerm(segments: readonly SegmentReader[], term: string): TermPostings {
  const key = keyBytes(term);
  const found = segments.map((segment) => ({ entry: segment.terms.lookup(key), firstDoc: segment.firstDoc }));
  const docFreq = found.reduce((sum, { entry }) => sum + (entry?.count ?? 0), 0);
  const docs = new Uint32Array(docFreq);
  const tfs = new Uint32Array(docFreq);
  let filled = 0;
  for (const { entry, firstDoc } of found) {
    if (entry === undefined) continue;
    decodePostings(entry.postings, entry.count, firstDoc, docs, tfs, filled);
    filled += entry.count;
  }
  return { docs, tfs };
}
