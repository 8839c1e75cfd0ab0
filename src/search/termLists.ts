import type { Bm25 } from './bm25.js';
import type { SegmentReader } from './segmentReader.js';
import { TermList } from './termList.js';
import { TermReader } from './termReader.js';

/** Makes the lists of terms, and keeps those used last, `cacheMb` of them. */
export class TermLists {
  readonly #lists = new Map<string, TermList>();
  readonly #reader: TermReader;
  #bytes = 0;

  constructor(
    segments: readonly SegmentReader[],
    private readonly bm25: Bm25,
    private readonly cacheMb: number,
  ) {
    this.#reader = new TermReader(segments);
  }

  /** An empty list where no document has the term. */
  get(term: string): TermList {
    const known = this.#lists.get(term);
    if (known !== undefined) {
      this.#lists.delete(term);
      this.#lists.set(term, known);
      return known;
    }
    const postings = this.#reader.read(term);
    const list = new TermList(postings, { norms: this.bm25.norms, idf: this.bm25.idf(postings.count) });
    this.#lists.set(term, list);
    this.#bytes += list.bytes;
    for (const [oldest, { bytes }] of this.#lists) {
      if (this.#bytes <= this.cacheMb * 2 ** 20) break;
      this.#lists.delete(oldest);
      this.#bytes -= bytes;
    }
    return list;
  }
}
