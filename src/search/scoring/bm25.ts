import type { Weighting } from '../searcher.js';

/** The statistics of a collection that BM25 uses. */
export interface Bm25Statistics {
  /** N: the number of documents with at least one term, as Lucene's docCount. */
  docsWithTerms: number;
  sumDocLength: number;
}

/**
 * The parts of BM25 as Lucene has it, without the factor k1 + 1 (S. Robertson and H. Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009, eq. 3.15, with an idf that is never negative):
 * idf(t) = ln(1 + (N − df + 0.5) / (df + 0.5)), w(t, d) = idf(t) · tf / (tf + k1 · (1 − b + b · |d| / avgdl)).
 * N and avgdl count the documents that have a term at all.
 */
export class Bm25 {
  readonly k1: number;
  readonly b: number;
  readonly #docsWithTerms: number;
  readonly avgDocLength: number;

  constructor(parts: readonly Bm25Statistics[], { k1, b }: { k1: number; b: number }) {
    this.k1 = k1;
    this.b = b;
    this.#docsWithTerms = parts.reduce((sum, { docsWithTerms }) => sum + docsWithTerms, 0);
    const sumDocLength = parts.reduce((sum, part) => sum + part.sumDocLength, 0);
    this.avgDocLength = this.#docsWithTerms === 0 ? 0 : sumDocLength / this.#docsWithTerms;
  }

  norm(length: number): number {
    return this.avgDocLength === 0 ? 0 : this.k1 * (1 - this.b + (this.b * length) / this.avgDocLength);
  }

  idf(docFreq: number): number {
    return Math.log(1 + (this.#docsWithTerms - docFreq + 0.5) / (docFreq + 0.5));
  }

  /** w(t, d) of a document of `length` that has the term `tf` times. */
  weight(idf: number, tf: number, length: number): number {
    return (idf * tf) / (tf + this.norm(length));
  }

  /** Returns the weight of a query term that occurs `tf` times in a query of `queryLength` known terms. */
  queryWeight(idf: number, tf: number, queryLength: number, weighting: Weighting): number {
    return weighting === 'lucene' ? tf : (idf * tf) / (tf + this.norm(queryLength));
  }
}
