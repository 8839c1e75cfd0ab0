import { MAX_IMPACT } from './bm25.js';
import { openPostings } from './openPostings.js';
import type { Postings } from './postingsTypes.js';
import type { TermPostings } from './termPostings.js';

/** The approximate sum of the bounds of all terms of a query. */
const BOUND_SUM = 2 ** 30;
/** The relative error that rounding may add to a score. */
const ROUNDING = 1e-9;

/** A term of a query in one segment. */
export interface SegmentTerm {
  list: TermPostings;
  idf: number;
  queryWeight: number;
}

export interface BoundedTerm {
  list: TermPostings;
  postings: Postings;
  /** The bound of one unit of impact. */
  factor: number;
  /** The most that the term adds to a bound. */
  bound: number;
}

/** A query in whole numbers: the bound of a document, the sum over its terms of factor · impact, is never below its score. */
export class ScoreBounds {
  /** The terms, those that can add most first. */
  readonly terms: readonly BoundedTerm[];
  /** The most that the terms from each index on add to a bound. */
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
        return { list, postings: openPostings(list), factor, bound: factor * list.maxImpact };
      })
      .sort((a, b) => b.bound - a.bound);
    this.rest = new Float64Array(this.terms.length + 1);
    for (let at = this.terms.length - 1; at >= 0; at--) {
      this.rest[at] = (this.rest[at + 1] as number) + (this.terms[at] as BoundedTerm).bound;
    }
  }

  /** Returns the bound that a document of at least this score has at least. */
  boundOf(score: number): number {
    return Math.floor(score * this.#scale * (1 - ROUNDING));
  }
}
