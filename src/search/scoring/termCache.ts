import { keyBytes } from '../format/bytes.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import { DecodedList } from './decodedPostings.js';
import { TermList } from './termPostings.js';

/** A term of the index: in how many documents it stands, and its list in each segment that has it. */
export interface IndexedTerm {
  docFreq: number;
  idf: number;
  lists: (TermList | undefined)[];
}

interface KnownTerm extends IndexedTerm {
  bytes: number;
  isDecoded: boolean;
  decodedBytes: number;
}

const BYTES_PER_TERM = 300;
/** What the lists may take of the memory at most; the rest is for their postings. */
const LISTS_PART = 1 / 4;
/** What one term's decoded postings may take of the memory. */
const TERM_PART = 1 / 64;

/** Finds terms, and keeps those used last. The postings of a term that is asked for again are decoded, as long as there is room. */
export class TermLists {
  readonly #terms = new Map<string, KnownTerm>();
  #listBytes = 0;
  #decodedBytes = 0;

  constructor(
    private readonly segments: readonly SegmentReader[],
    private readonly bm25: Bm25,
    private readonly memoryBytes: number,
  ) {}

  /** Of `docFreq` 0 where no document has the term. */
  get(term: string): IndexedTerm {
    const known = this.#terms.get(term);
    if (known !== undefined) {
      this.#terms.delete(term);
      this.#terms.set(term, known);
      if (!known.isDecoded) this.#decode(known);
      return known;
    }
    const key = keyBytes(term);
    const lists = this.segments.map((segment) => {
      const entry = segment.terms.lookup(key);
      return entry && new TermList(entry, segment, this.bm25);
    });
    const docFreq = lists.reduce((sum, list) => sum + (list?.docFreq ?? 0), 0);
    const bytes = lists.reduce((sum, list) => sum + (list?.bytes ?? 0), BYTES_PER_TERM + 2 * term.length);
    const found = { docFreq, idf: this.bm25.idf(docFreq), lists, bytes, isDecoded: false, decodedBytes: 0 };
    this.#terms.set(term, found);
    this.#listBytes += bytes;
    for (const [oldest, { bytes, decodedBytes }] of this.#terms) {
      const isFull = this.#listBytes + this.#decodedBytes > this.memoryBytes;
      if (!isFull && this.#listBytes <= this.memoryBytes * LISTS_PART) break;
      this.#terms.delete(oldest);
      this.#listBytes -= bytes;
      this.#decodedBytes -= decodedBytes;
    }
    return found;
  }

  /** What is decoded stays as long as its term: where not all fits, making room would cost more than it gives. */
  #decode(term: KnownTerm): void {
    const bytes = term.lists.reduce((sum, list, at) => {
      return sum + (list ? DecodedList.bytesFor(list.docFreq, this.segments[at]?.docs ?? 0) : 0);
    }, 0);
    const room = this.memoryBytes - this.#listBytes - this.#decodedBytes;
    if (bytes > Math.min(room, this.memoryBytes * TERM_PART)) return;
    term.lists.forEach((list, at) => {
      const { docLengths } = this.segments[at] as SegmentReader;
      if (list) list.decoded = new DecodedList(list, docLengths, this.bm25);
    });
    term.isDecoded = true;
    term.decodedBytes = bytes;
    this.#decodedBytes += bytes;
  }
}
