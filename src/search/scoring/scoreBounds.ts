import { MAX_IMPACT } from './bm25.js';
import { openList, type Postings } from './postingsCursor.js';
import type { TermList } from './termPostings.js';

/** The bounds of all terms of a query add up to about this. */
const BOUND_SUM = 2 ** 30;
/** What rounding may take from a score. */
const ROUNDING = 1e-9;

/** A term of a query in one segment. */
export interface SegmentTerm {
  list: TermList;
  idf: number;
  queryWeight: number;
}

export interface BoundedTerm {
  list: TermList;
  postings: Postings;
  /** What one unit of impact adds to the bound of a document. */
  factor: number;
  /** What the term adds to a bound at most. */
  bound: number;
}

/** A query in whole numbers: the bound of a document, the sum over its terms of factor · impact, is never under its score. */
export class BoundedQuery {
  /** Those that can add most first. */
  readonly terms: readonly BoundedTerm[];
  /** What the terms from each place on add to a bound at most. */
  readonly rest: Float64Array;
  /** All its postings are decoded. */
  readonly isDecoded: boolean;
  readonly #scale: number;

  constructor(query: readonly SegmentTerm[]) {
    const sum = query.reduce((total, { idf, queryWeight }) => total + idf * queryWeight, 0);
    this.#scale = BOUND_SUM / sum;
    this.isDecoded = query.every(({ list }) => list.decoded !== undefined);
    this.terms = query
      .map(({ list, idf, queryWeight }) => {
        const factor = Math.ceil((this.#scale * idf * queryWeight) / MAX_IMPACT);
        return { list, postings: openList(list), factor, bound: factor * list.maxImpact };
      })
      .sort((a, b) => b.bound - a.bound);
    this.rest = new Float64Array(this.terms.length + 1);
    for (let at = this.terms.length - 1; at >= 0; at--) {
      this.rest[at] = (this.rest[at + 1] as number) + (this.terms[at] as BoundedTerm).bound;
    }
  }

  /** A document of at least this score has at least this bound. */
  boundOf(score: number): number {
    return Math.floor(score * this.#scale * (1 - ROUNDING));
  }
}
