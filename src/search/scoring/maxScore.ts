import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25, Impacts } from './bm25.js';
import { BoundBlock } from './boundBlock.js';
import { BLOCK_DOCS, openList, type Postings } from './postingsCursor.js';
import { BoundedQuery, type BoundedTerm, type SegmentTerm } from './scoreBounds.js';
import { TopK } from './topK.js';

/** The terms that are looked up, not added up, have at most this part of what a document needs: more where adding is dearer. */
const LOOKED_UP_PART = 0.45;
const LOOKED_UP_PART_OF_READ = 0.6;
/** The best documents are sought first among those of rare terms, with so many postings at most. */
const SEED_POSTINGS = 8000;

/**
 * Finds the best documents of a segment without reading every posting (MaxScore: H. Turtle and J. Flood, "Query evaluation:
 * strategies and optimizations", 1995, a block of documents at a time). The terms that can add most are added up; what the others
 * add is only looked up for the documents that may still be among the best, in those blocks of postings whose largest impact
 * does not rule them out (S. Ding and T. Suel, "Faster top-k document retrieval using block-max indexes", 2011). What remains is
 * scored exactly.
 */
export class PrunedSearch {
  readonly #block = new BoundBlock();
  readonly #seeds = new TopK();

  constructor(
    private readonly bm25: Bm25,
    private readonly segment: SegmentReader,
  ) {}

  search(query: readonly SegmentTerm[], k: number, top: TopK): void {
    const impacts = this.bm25.impactsOf(this.segment);
    const seeds = this.#seed(new BoundedQuery(query), impacts, k);
    const seedScorer = new DocumentScorer(query, this.bm25, this.segment);
    for (const docId of seeds) seedScorer.offer(docId, top);
    const bounded = new BoundedQuery(query);
    const scorer = new DocumentScorer(query, this.bm25, this.segment);
    let seed = 0;
    for (let firstDoc = 0; firstDoc < this.segment.docs; firstDoc += BLOCK_DOCS) {
      this.#findCandidates(bounded, impacts, firstDoc, bounded.boundOf(top.floor));
      const { candidates, candidateBounds, count } = this.#block;
      for (let at = 0; at < count; at++) {
        const docId = candidates[at] as number;
        while (seed < seeds.length && (seeds[seed] as number) < docId) seed++;
        if (seeds[seed] === docId || (candidateBounds[at] as number) < bounded.boundOf(top.floor)) continue;
        scorer.offer(docId, top);
      }
    }
  }

  /** The documents of a block whose bounds reach `needed`. */
  #findCandidates({ terms, rest, isDecoded }: BoundedQuery, impacts: Impacts, firstDoc: number, needed: number): void {
    const block = this.#block;
    let added = 0;
    const part = isDecoded ? LOOKED_UP_PART : LOOKED_UP_PART_OF_READ;
    while ((rest[added] as number) > needed * part) added++;
    block.reset(firstDoc, Math.max(1, needed - (rest[added] as number)));
    for (let at = 0; at < added; at++) block.add(terms[at] as BoundedTerm, impacts);
    block.collect();
    for (let at = added; at < terms.length; at++) {
      block.lookUp(terms[at] as BoundedTerm, needed - (rest[at + 1] as number), impacts);
    }
  }

  /** The `k` documents that the rarest terms alone would choose: scored first, they show early what a document needs. In order. */
  #seed({ terms }: BoundedQuery, impacts: Impacts, k: number): number[] {
    const rare: BoundedTerm[] = [];
    let postings = 0;
    for (const term of terms) {
      postings += term.list.docFreq;
      if (postings > SEED_POSTINGS) break;
      rare.push(term);
    }
    this.#seeds.reset(k);
    if (rare.length === 0) return [];
    for (let firstDoc = 0; firstDoc < this.segment.docs; firstDoc += BLOCK_DOCS) {
      this.#block.reset(firstDoc, Math.max(1, this.#seeds.floor));
      for (const term of rare) this.#block.add(term, impacts);
      this.#block.collect();
      for (let at = 0; at < this.#block.count; at++) {
        this.#seeds.offer(this.#block.candidates[at] as number, this.#block.candidateBounds[at] as number);
      }
    }
    return this.#seeds
      .sorted()
      .map(({ docId }) => docId)
      .sort((a, b) => a - b);
  }
}

/** Scores documents exactly; they must come in their order. */
class DocumentScorer {
  readonly #terms: { postings: Postings; idf: number; queryWeight: number }[];

  constructor(
    query: readonly SegmentTerm[],
    private readonly bm25: Bm25,
    private readonly segment: SegmentReader,
  ) {
    this.#terms = query.map(({ list, idf, queryWeight }) => ({ postings: openList(list), idf, queryWeight }));
  }

  offer(docId: number, top: TopK): void {
    const length = this.segment.docLengths[docId] as number;
    let score = 0;
    for (const { postings, idf, queryWeight } of this.#terms) {
      const tf = postings.tfOf(docId);
      if (tf > 0) score += queryWeight * this.bm25.weight(idf, tf, length);
    }
    top.offer(this.segment.firstDoc + docId, score);
  }
}
