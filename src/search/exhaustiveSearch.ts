import type { Bm25 } from './bm25.js';
import type { QueryTerm } from './scorer.js';
import type { TopK } from './topK.js';

/** Documents whose scores are added up together. */
const BLOCK_DOCS = 2 ** 13;

/** Counts every posting of every term, a block of documents after the other. */
export class ExhaustiveSearch {
  /** Zero between searches. */
  readonly #scores = new Float64Array(BLOCK_DOCS);

  constructor(private readonly bm25: Bm25) {}

  search(terms: readonly QueryTerm[], top: TopK): void {
    for (let firstDoc = 0; firstDoc < this.bm25.norms.length; firstDoc += BLOCK_DOCS) {
      for (const term of terms) this.#add(term, firstDoc);
      this.#collect(firstDoc, top);
    }
  }

  #add({ list, queryWeight }: QueryTerm, firstDoc: number): void {
    const scores = this.#scores;
    const end = list.startOf(firstDoc + BLOCK_DOCS);
    for (let at = list.startOf(firstDoc); at < end; at++) {
      const local = (list.docs[at] as number) % BLOCK_DOCS;
      const weight = this.bm25.weight(list.idf, list.tfAt(at), firstDoc + local);
      scores[local] = (scores[local] as number) + queryWeight * weight;
    }
  }

  #collect(firstDoc: number, top: TopK): void {
    const scores = this.#scores;
    for (let local = 0; local < BLOCK_DOCS; local++) {
      const score = scores[local] as number;
      if (score > top.floor) top.offer(firstDoc + local, score);
    }
    scores.fill(0);
  }
}
