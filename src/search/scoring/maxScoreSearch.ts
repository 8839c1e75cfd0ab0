import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25, Impacts } from './bm25.js';
import { openPostings } from './openPostings.js';
import { BLOCK_DOCS, type Postings } from './postingsTypes.js';
import { type BoundedTerm, ScoreBounds, type SegmentTerm } from './scoreBounds.js';
import { TopK } from './topK.js';

/** The terms that are only looked up add at most this share of the score that a document needs; more if adding is more expensive. */
const LOOKED_UP_PART = 0.45;
const LOOKED_UP_PART_OF_READ = 0.6;
/** The search is seeded with the documents of rare terms, which have at most this many postings. */
const SEED_POSTINGS = 8000;

/**
 * Finds the best documents of a segment without reading every posting (MaxScore: H. Turtle and J. Flood, "Query evaluation:
 * strategies and optimizations", 1995, a block of documents at a time). The terms that can add most are summed; what the others
 * add is only looked up for the documents that may still be among the best, in those blocks of postings whose largest impact
 * does not rule them out (S. Ding and T. Suel, "Faster top-k document retrieval using block-max indexes", 2011). What remains is
 * scored exactly.
 */
export class MaxScoreSearch {
  readonly #block = new BoundBlock();
  readonly #seeds = new TopK();

  readonly #bm25: Bm25;
  readonly #segment: SegmentReader;

  constructor(bm25: Bm25, segment: SegmentReader) {
    this.#bm25 = bm25;
    this.#segment = segment;
  }

  search(query: readonly SegmentTerm[], k: number, top: TopK): void {
    const impacts = this.#bm25.impactsOf(this.#segment);
    const seeds = this.#seed(new ScoreBounds(query), impacts, k);
    const seedScorer = new DocumentScorer(query, this.#bm25, this.#segment);
    for (const docId of seeds) seedScorer.offer(docId, top);
    const bounded = new ScoreBounds(query);
    const scorer = new DocumentScorer(query, this.#bm25, this.#segment);
    let seed = 0;
    for (let firstDoc = 0; firstDoc < this.#segment.docs; firstDoc += BLOCK_DOCS) {
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

  /** Collects the documents of a block whose bounds reach `needed`. */
  #findCandidates({ terms, rest, isDecoded }: ScoreBounds, impacts: Impacts, firstDoc: number, needed: number): void {
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

  /** Returns the best `k` documents by the rarest terms alone, in corpus order: scored first, they raise the threshold early. */
  #seed({ terms }: ScoreBounds, impacts: Impacts, k: number): number[] {
    const rare: BoundedTerm[] = [];
    let postings = 0;
    for (const term of terms) {
      postings += term.list.docFreq;
      if (postings > SEED_POSTINGS) break;
      rare.push(term);
    }
    this.#seeds.reset(k);
    if (rare.length === 0) return [];
    for (let firstDoc = 0; firstDoc < this.#segment.docs; firstDoc += BLOCK_DOCS) {
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

/** Scores documents exactly; they must come in ascending order. */
class DocumentScorer {
  readonly #terms: { postings: Postings; idf: number; queryWeight: number }[];

  readonly #bm25: Bm25;
  readonly #segment: SegmentReader;

  constructor(query: readonly SegmentTerm[], bm25: Bm25, segment: SegmentReader) {
    this.#bm25 = bm25;
    this.#segment = segment;
    this.#terms = query.map(({ list, idf, queryWeight }) => ({ postings: openPostings(list), idf, queryWeight }));
  }

  offer(docId: number, top: TopK): void {
    const length = this.#segment.docLengths[docId] as number;
    let score = 0;
    for (const { postings, idf, queryWeight } of this.#terms) {
      const tf = postings.tfOf(docId);
      if (tf > 0) score += queryWeight * this.#bm25.weight(idf, tf, length);
    }
    top.offer(this.#segment.firstDoc + docId, score);
  }
}

/** The score bounds of a block of documents, and the candidates among them that may be among the best. */
class BoundBlock {
  readonly #bounds = new Int32Array(BLOCK_DOCS);
  readonly candidates = new Uint32Array(BLOCK_DOCS);
  readonly candidateBounds = new Int32Array(BLOCK_DOCS);
  /** The number of candidates. */
  count = 0;
  #firstDoc = 0;
  #needed = 0;

  /** Starts the block at `firstDoc`; every document has the bound 0. */
  reset(firstDoc: number, needed: number): void {
    this.#firstDoc = firstDoc;
    this.#needed = needed;
    this.#bounds.fill(-needed);
  }

  add({ postings, factor }: BoundedTerm, impacts: Impacts): void {
    postings.addTo(this.#bounds, this.#firstDoc, factor, impacts);
  }

  /** Collects the candidates: the documents that reach the `needed` of the reset, whose value is no longer negative. */
  collect(): void {
    const bounds = this.#bounds;
    this.count = 0;
    for (let local = 0; local < BLOCK_DOCS; local += 4) {
      const a = bounds[local] as number;
      const b = bounds[local + 1] as number;
      const c = bounds[local + 2] as number;
      const d = bounds[local + 3] as number;
      if ((a & b & c & d) < 0) continue;
      for (let at = local; at < local + 4; at++) this.#admit(at, bounds[at] as number);
    }
  }

  /** Adds a term to the bounds of the candidates and keeps those that reach `needed`. */
  lookUp({ postings, factor }: BoundedTerm, needed: number, impacts: Impacts): void {
    const { candidates, candidateBounds, count } = this;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const docId = candidates[at] as number;
      let bound = candidateBounds[at] as number;
      if (bound + factor * postings.maxImpactAt(docId) >= needed) bound += factor * postings.impactOf(docId, impacts);
      candidates[kept] = docId;
      candidateBounds[kept] = bound;
      if (bound >= needed) kept++;
    }
    this.count = kept;
  }

  #admit(local: number, excess: number): void {
    if (excess < 0) return;
    this.candidates[this.count] = this.#firstDoc + local;
    this.candidateBounds[this.count] = excess + this.#needed;
    this.count++;
  }
}
