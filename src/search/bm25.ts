import type { Weighting } from './searcher.js';
import type { SegmentReader } from './segmentReader.js';

/**
 * The parts of BM25 as Lucene has it, without the factor k1 + 1 (S. Robertson and H. Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009, eq. 3.15, with an idf that is never negative):
 * idf(t) = ln(1 + (N − df + 0.5) / (df + 0.5)), w(t, d) = idf(t) · tf / (tf + k1 · (1 − b + b · |d| / avgdl)).
 * N and avgdl count the documents that have a term at all, as Lucene's docCount does.
 */
export class Bm25 {
  readonly #k1: number;
  readonly #b: number;
  /** N. */
  readonly #withTerms: number;
  readonly avgDocLength: number;
  /** k1 · (1 − b + b · |d| / avgdl) of every document. */
  readonly norms: Float64Array;

  constructor(segments: readonly SegmentReader[], { k1, b }: { k1: number; b: number }) {
    this.#k1 = k1;
    this.#b = b;
    let withTerms = 0;
    let sumDocLength = 0;
    for (const { docLengths } of segments) {
      for (const length of docLengths) {
        sumDocLength += length;
        if (length > 0) withTerms++;
      }
    }
    this.#withTerms = withTerms;
    this.avgDocLength = withTerms === 0 ? 0 : sumDocLength / withTerms;
    this.norms = new Float64Array(segments.reduce((sum, { docs }) => sum + docs, 0));
    for (const { docLengths, firstDoc } of segments) {
      for (let place = 0; place < docLengths.length; place++) {
        this.norms[firstDoc + place] = this.norm(docLengths[place] as number);
      }
    }
  }

  norm(length: number): number {
    return this.avgDocLength === 0 ? 0 : this.#k1 * (1 - this.#b + (this.#b * length) / this.avgDocLength);
  }

  idf(docFreq: number): number {
    return Math.log(1 + (this.#withTerms - docFreq + 0.5) / (docFreq + 0.5));
  }

  /** w(t, d) of a document that has the term `tf` times. */
  weight(idf: number, tf: number, docId: number): number {
    return (idf * tf) / (tf + (this.norms[docId] as number));
  }

  /** How much a term counts that a query of `queryLength` known terms holds `tf` times. */
  queryWeight(idf: number, tf: number, queryLength: number, weighting: Weighting): number {
    return weighting === 'lucene' ? tf : (idf * tf) / (tf + this.norm(queryLength));
  }
}
