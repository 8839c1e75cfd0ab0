import type { Bm25 } from './bm25.js';
import type { SegmentReader } from './segmentReader.js';
import { readTerm } from './termReader.js';

/** A term as the scorer needs it: the documents that have it and w(t, d) of each. */
export interface WeightedTerm {
  idf: number;
  docs: Uint32Array;
  weights: Float64Array;
}

const BYTES_PER_POSTING = 12;
const BYTES_PER_TERM = 200;

/** Weighs terms, and keeps those used last, `cacheMb` of them. */
export class TermWeights {
  readonly #terms = new Map<string, WeightedTerm>();
  #bytes = 0;

  constructor(
    private readonly segments: readonly SegmentReader[],
    private readonly bm25: Bm25,
    private readonly cacheMb: number,
  ) {}

  get(term: string): WeightedTerm {
    const known = this.#terms.get(term);
    if (known !== undefined) {
      this.#terms.delete(term);
      this.#terms.set(term, known);
      return known;
    }
    const weighted = this.#weigh(term);
    this.#terms.set(term, weighted);
    this.#bytes += bytesOf(weighted);
    for (const [oldest, { docs }] of this.#terms) {
      if (this.#bytes <= this.cacheMb * 2 ** 20) break;
      this.#terms.delete(oldest);
      this.#bytes -= bytesOf({ docs });
    }
    return weighted;
  }

  #weigh(term: string): WeightedTerm {
    const { docs, tfs } = readTerm(this.segments, term);
    const { norms } = this.bm25;
    const idf = this.bm25.idf(docs.length);
    const weights = new Float64Array(docs.length);
    for (let at = 0; at < docs.length; at++) {
      const tf = tfs[at] as number;
      weights[at] = (idf * tf) / (tf + (norms[docs[at] as number] as number));
    }
    return { idf, docs, weights };
  }
}

function bytesOf({ docs }: { docs: Uint32Array }): number {
  return docs.length * BYTES_PER_POSTING + BYTES_PER_TERM;
}
