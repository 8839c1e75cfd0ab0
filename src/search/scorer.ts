import type { Bm25 } from './bm25.js';
import type { Weighting } from './searcher.js';
import type { TermWeights, WeightedTerm } from './termWeights.js';
import { TopK } from './topK.js';

/** Finds the best documents for the terms of a query, exactly: every posting of every term is counted. */
export class Scorer {
  /** Zero between searches. */
  readonly #scores: Float64Array;
  readonly #top = new TopK();

  constructor(
    private readonly bm25: Bm25,
    private readonly terms: TermWeights,
  ) {
    this.#scores = new Float64Array(bm25.norms.length);
  }

  /** The `k` best documents of score over 0, best first, equal scores in corpus order. */
  search(tokens: readonly string[], k: number, weighting: Weighting): { docId: number; score: number }[] {
    const weighed = this.weigh(tokens, weighting);
    let postings = 0;
    for (const { term, queryWeight } of weighed) {
      this.#add(term, queryWeight);
      postings += term.docs.length;
    }
    this.#top.reset(Math.min(k, this.#scores.length));
    if (postings < this.#scores.length) for (const { term } of weighed) this.#collectOf(term);
    else this.#collectAll();
    return this.#top.sorted();
  }

  /** The distinct terms of a query that the index knows, in the order of the query, with their weights. */
  weigh(tokens: readonly string[], weighting: Weighting): { token: string; term: WeightedTerm; queryWeight: number }[] {
    const tfs = new Map<string, number>();
    for (const token of tokens) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    const known = [...tfs].map(([token, tf]) => ({ token, tf, term: this.terms.get(token) })).filter(isKnown);
    const queryLength = known.reduce((sum, { tf }) => sum + tf, 0);
    return known.map(({ token, tf, term }) => ({
      token,
      term,
      queryWeight: this.bm25.queryWeight(term.idf, tf, queryLength, weighting),
    }));
  }

  #add({ docs, weights }: WeightedTerm, queryWeight: number): void {
    const scores = this.#scores;
    for (let at = 0; at < docs.length; at++) {
      const docId = docs[at] as number;
      scores[docId] = (scores[docId] as number) + queryWeight * (weights[at] as number);
    }
  }

  /** Offers the documents of one term and zeroes their scores, so that none is offered twice. */
  #collectOf({ docs }: WeightedTerm): void {
    const scores = this.#scores;
    for (let at = 0; at < docs.length; at++) {
      const docId = docs[at] as number;
      const score = scores[docId] as number;
      if (score === 0) continue;
      scores[docId] = 0;
      if (score >= this.#top.floor) this.#top.offer(docId, score);
    }
  }

  #collectAll(): void {
    const scores = this.#scores;
    const top = this.#top;
    for (let docId = 0; docId < scores.length; docId++) {
      const score = scores[docId] as number;
      if (score > top.floor) top.offer(docId, score);
    }
    scores.fill(0);
  }
}

function isKnown({ term }: { term: WeightedTerm }): boolean {
  return term.docs.length > 0;
}
