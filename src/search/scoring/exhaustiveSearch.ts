import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import { PostingsCursor } from './postingsCursor.js';
import { BLOCK_DOCS } from './postingsTypes.js';
import type { SegmentTerm } from './scoreBounds.js';
import type { TopK } from './topK.js';

/** Scores every posting of every term, one block of documents after the other. */
export class ExhaustiveSearch {
  /** Zero between searches. */
  readonly #scores = new Float64Array(BLOCK_DOCS);

  readonly #bm25: Bm25;
  readonly #segment: SegmentReader;

  constructor(bm25: Bm25, segment: SegmentReader) {
    this.#bm25 = bm25;
    this.#segment = segment;
  }

  search(query: readonly SegmentTerm[], top: TopK): void {
    const terms = query.map((term) => ({ ...term, cursor: new PostingsCursor(term.list) }));
    for (const { cursor } of terms) cursor.next();
    for (let firstDoc = 0; firstDoc < this.#segment.docs; firstDoc += BLOCK_DOCS) {
      for (const term of terms) this.#add(term, firstDoc + BLOCK_DOCS);
      this.#collect(firstDoc, top);
    }
  }

  #add({ cursor, idf, queryWeight }: SegmentTerm & { cursor: PostingsCursor }, end: number): void {
    const { docLengths } = this.#segment;
    for (; cursor.doc < end; cursor.next()) {
      const local = cursor.doc % BLOCK_DOCS;
      const weight = this.#bm25.weight(idf, cursor.tf, docLengths[cursor.doc] as number);
      this.#scores[local] = (this.#scores[local] as number) + queryWeight * weight;
    }
  }

  #collect(firstDoc: number, top: TopK): void {
    const scores = this.#scores;
    for (let local = 0; local < BLOCK_DOCS; local++) {
      const score = scores[local] as number;
      if (score > top.floor) top.offer(this.#segment.firstDoc + firstDoc + local, score);
    }
    scores.fill(0);
  }
}
