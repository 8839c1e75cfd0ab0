import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import { PostingsCursor } from './postingsCursor.js';
import type { SegmentTerm } from './scoreBounds.js';
import type { TopK } from './topK.js';

/** Documents whose scores are added up together. */
const BLOCK_DOCS = 2 ** 13;

/** Counts every posting of every term, a block of documents after the other. */
export class ExhaustiveSearch {
  /** Zero between searches. */
  readonly #scores = new Float64Array(BLOCK_DOCS);

  constructor(
    private readonly bm25: Bm25,
    private readonly segment: SegmentReader,
  ) {}

  search(query: readonly SegmentTerm[], top: TopK): void {
    const terms = query.map((term) => ({ ...term, cursor: new PostingsCursor(term.list) }));
    for (const { cursor } of terms) cursor.next();
    for (let firstDoc = 0; firstDoc < this.segment.docs; firstDoc += BLOCK_DOCS) {
      for (const term of terms) this.#add(term, firstDoc + BLOCK_DOCS);
      this.#collect(firstDoc, top);
    }
  }

  #add({ cursor, idf, queryWeight }: SegmentTerm & { cursor: PostingsCursor }, end: number): void {
    const { docLengths } = this.segment;
    for (; cursor.doc < end; cursor.next()) {
      const local = cursor.doc % BLOCK_DOCS;
      const weight = this.bm25.weight(idf, cursor.tf, docLengths[cursor.doc] as number);
      this.#scores[local] = (this.#scores[local] as number) + queryWeight * weight;
    }
  }

  #collect(firstDoc: number, top: TopK): void {
    const scores = this.#scores;
    for (let local = 0; local < BLOCK_DOCS; local++) {
      const score = scores[local] as number;
      if (score > top.floor) top.offer(this.segment.firstDoc + firstDoc + local, score);
    }
    scores.fill(0);
  }
}
