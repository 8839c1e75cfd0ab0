import type { Bm25 } from './bm25.js';
import { ExhaustiveSearch } from './exhaustiveSearch.js';
import { PrunedSearch } from './prunedSearch.js';
import type { Weighting } from './searcher.js';
import type { TermList } from './termList.js';
import type { TermLists } from './termLists.js';
import { TopK } from './topK.js';

/** A distinct term of a query. */
export interface QueryTerm {
  token: string;
  list: TermList;
  queryWeight: number;
}

/** Pruning pays where at most one of so many documents is wanted. */
const PRUNED_DOCS_PER_HIT = 32;

/** Finds the best documents for the terms of a query, exactly. */
export class Scorer {
  readonly #top = new TopK();
  readonly #pruned: PrunedSearch;
  readonly #exhaustive: ExhaustiveSearch;

  constructor(
    private readonly bm25: Bm25,
    private readonly lists: TermLists,
  ) {
    this.#pruned = new PrunedSearch(bm25);
    this.#exhaustive = new ExhaustiveSearch(bm25);
  }

  /** The `k` best documents of score over 0, best first, equal scores in corpus order. */
  search(tokens: readonly string[], k: number, weighting: Weighting): { docId: number; score: number }[] {
    const terms = this.weigh(tokens, weighting);
    const docs = this.bm25.norms.length;
    this.#top.reset(Math.min(k, docs));
    if (k * PRUNED_DOCS_PER_HIT <= docs) this.#pruned.search(terms, k, this.#top);
    else this.#exhaustive.search(terms, this.#top);
    return this.#top.sorted();
  }

  /** The distinct terms of a query that the index knows, in the order of the query, with their weights. */
  weigh(tokens: readonly string[], weighting: Weighting): QueryTerm[] {
    const tfs = new Map<string, number>();
    for (const token of tokens) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    const known = [...tfs].map(([token, tf]) => ({ token, tf, list: this.lists.get(token) })).filter(isKnown);
    const queryLength = known.reduce((sum, { tf }) => sum + tf, 0);
    return known.map(({ token, tf, list }) => ({
      token,
      list,
      queryWeight: this.bm25.queryWeight(list.idf, tf, queryLength, weighting),
    }));
  }
}

function isKnown({ list }: { list: TermList }): boolean {
  return list.docFreq > 0;
}
