import type { Bm25 } from './bm25.js';
import { BLOCK_DOCS, BoundBlock } from './boundBlock.js';
import { BoundedQuery, type BoundedTerm } from './boundedQuery.js';
import type { QueryTerm } from './scorer.js';
import { TopK } from './topK.js';

/** The terms that are looked up, not added up, have at most this part of what a document needs. */
const LOOKED_UP_PART = 0.45;
/** The best documents are sought first among those of rare terms, with so many postings at most. */
const SEED_POSTINGS = 8000;

/**
 * Finds the best documents without counting every posting (MaxScore: H. Turtle and J. Flood, "Query evaluation: strategies and
 * optimizations", 1995, a block of documents at a time). The terms that can add most are added up; what the others add is only
 * looked up for the documents that may still be among the best. Those that remain are scored exactly.
 */
export class PrunedSearch {
  readonly #block = new BoundBlock();
  readonly #seeds = new TopK();
  /** 1 for documents that were scored already. */
  readonly #scored: Uint8Array;

  constructor(private readonly bm25: Bm25) {
    this.#scored = new Uint8Array(bm25.norms.length);
  }

  search(query: readonly QueryTerm[], k: number, top: TopK): void {
    if (query.length === 0) return;
    const bounded = new BoundedQuery(query);
    const seeds = this.#seed(bounded.terms, k);
    for (const docId of seeds) {
      this.#scored[docId] = 1;
      top.offer(docId, this.#score(query, docId));
    }
    for (let firstDoc = 0; firstDoc < this.#scored.length; firstDoc += BLOCK_DOCS) {
      this.#findCandidates(bounded, firstDoc, bounded.boundOf(top.floor));
      const { candidates, candidateBounds, count } = this.#block;
      for (let at = 0; at < count; at++) {
        const docId = candidates[at] as number;
        if ((candidateBounds[at] as number) < bounded.boundOf(top.floor) || this.#scored[docId] === 1) continue;
        top.offer(docId, this.#score(query, docId));
      }
    }
    for (const docId of seeds) this.#scored[docId] = 0;
  }

  /** The documents of a block whose bounds reach `needed`. */
  #findCandidates({ terms, rest }: BoundedQuery, firstDoc: number, needed: number): void {
    const block = this.#block;
    let added = 0;
    while ((rest[added] as number) > needed * LOOKED_UP_PART) added++;
    block.reset(firstDoc, Math.max(1, needed - (rest[added] as number)));
    for (let at = 0; at < added; at++) block.add(terms[at] as BoundedTerm);
    block.collect();
    for (let at = added; at < terms.length; at++) {
      block.lookUp(terms[at] as BoundedTerm, needed - (rest[at + 1] as number));
    }
  }

  /** The `k` documents that the rarest terms alone would choose: scored first, they show early what a document needs. */
  #seed(terms: readonly BoundedTerm[], k: number): number[] {
    const rare: BoundedTerm[] = [];
    let postings = 0;
    for (const term of terms) {
      postings += term.list.docFreq;
      if (postings > SEED_POSTINGS) break;
      rare.push(term);
    }
    this.#seeds.reset(k);
    if (rare.length === 0) return [];
    for (let firstDoc = 0; firstDoc < this.#scored.length; firstDoc += BLOCK_DOCS) {
      this.#block.reset(firstDoc, Math.max(1, this.#seeds.floor));
      for (const term of rare) this.#block.add(term);
      this.#block.collect();
      for (let at = 0; at < this.#block.count; at++) {
        this.#seeds.offer(this.#block.candidates[at] as number, this.#block.candidateBounds[at] as number);
      }
    }
    return this.#seeds.sorted().map(({ docId }) => docId);
  }

  #score(query: readonly QueryTerm[], docId: number): number {
    let score = 0;
    for (const { list, queryWeight } of query) score += queryWeight * list.weightOf(docId, this.bm25);
    return score;
  }
}
