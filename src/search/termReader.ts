import { keyBytes } from './bytes.js';
import { decodePostings } from './postings.js';
import type { SegmentReader } from './segmentReader.js';
import { grown } from './segmentWriter.js';

/** One term's postings in the whole index: the first `count` of the arrays. */
export interface TermPostings {
  docs: Uint32Array;
  tfs: Uint32Array;
  count: number;
}

/** Reads the postings of terms from all segments. */
export class TermReader {
  #docs = new Uint32Array(1024);
  #tfs = new Uint32Array(1024);

  constructor(private readonly segments: readonly SegmentReader[]) {}

  /** None where no document has the term. The arrays are good until the next call. */
  read(term: string): TermPostings {
    const key = keyBytes(term);
    const found = this.segments.map((segment) => ({ entry: segment.terms.lookup(key), firstDoc: segment.firstDoc }));
    const docFreq = found.reduce((sum, { entry }) => sum + (entry?.count ?? 0), 0);
    if (docFreq > this.#docs.length) {
      this.#docs = grown(new Uint32Array(0), docFreq);
      this.#tfs = grown(new Uint32Array(0), docFreq);
    }
    let count = 0;
    for (const { entry, firstDoc } of found) {
      if (entry === undefined) continue;
      decodePostings(entry.postings, entry.count, firstDoc, this.#docs, this.#tfs, count);
      count += entry.count;
    }
    return { docs: this.#docs, tfs: this.#tfs, count };
  }
}
