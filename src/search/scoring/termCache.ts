import { keyBytes } from '../format/bytes.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import { DecodedPostings } from './decodedPostings.js';
import { TermPostings } from './termPostings.js';

/** A term of the index: its document frequency, and its postings in each segment that has it. */
export interface IndexedTerm {
  docFreq: number;
  idf: number;
  lists: (TermPostings | undefined)[];
}

interface KnownTerm extends IndexedTerm {
  bytes: number;
  isDecoded: boolean;
  decodedBytes: number;
}

const CACHED_TERM_BYTES = 300;
/** The most of the memory that block tables take; the rest is for decoded postings. */
const LISTS_PART = 1 / 4;
/** The most of the memory that the decoded postings of one term take. */
const TERM_PART = 1 / 64;

/** Finds terms and keeps those used last. The postings of a term that is used again are decoded, as long as there is room. */
export class TermCache {
  readonly #terms = new Map<string, KnownTerm>();
  #listBytes = 0;
  #decodedBytes = 0;

  readonly #segments: readonly SegmentReader[];
  readonly #bm25: Bm25;
  readonly #memoryBytes: number;

  constructor(segments: readonly SegmentReader[], bm25: Bm25, memoryBytes: number) {
    this.#segments = segments;
    this.#bm25 = bm25;
    this.#memoryBytes = memoryBytes;
  }

  /** Returns a term; its `docFreq` is 0 if no document has it. */
  get(term: string): IndexedTerm {
    const known = this.#terms.get(term);
    if (known !== undefined) {
      this.#terms.delete(term);
      this.#terms.set(term, known);
      if (!known.isDecoded) this.#decode(known);
      return known;
    }
    const key = keyBytes(term);
    const lists = this.#segments.map((segment) => {
      const entry = segment.terms.lookup(key);
      return entry && new TermPostings(entry, segment, this.#bm25);
    });
    const docFreq = lists.reduce((sum, list) => sum + (list?.docFreq ?? 0), 0);
    const bytes = lists.reduce((sum, list) => sum + (list?.bytes ?? 0), CACHED_TERM_BYTES + 2 * term.length);
    const found = { docFreq, idf: this.#bm25.idf(docFreq), lists, bytes, isDecoded: false, decodedBytes: 0 };
    this.#terms.set(term, found);
    this.#listBytes += bytes;
    for (const [oldest, { bytes, decodedBytes }] of this.#terms) {
      const isFull = this.#listBytes + this.#decodedBytes > this.#memoryBytes;
      if (!isFull && this.#listBytes <= this.#memoryBytes * LISTS_PART) break;
      this.#terms.delete(oldest);
      this.#listBytes -= bytes;
      this.#decodedBytes -= decodedBytes;
    }
    return found;
  }

  /** Decodes the postings of a term if there is room; decoded postings stay as long as their term, because making room costs more than it gains. */
  #decode(term: KnownTerm): void {
    const bytes = term.lists.reduce((sum, list, at) => {
      return sum + (list ? DecodedPostings.bytesFor(list.docFreq, this.#segments[at]?.docs ?? 0) : 0);
    }, 0);
    const room = this.#memoryBytes - this.#listBytes - this.#decodedBytes;
    if (bytes > Math.min(room, this.#memoryBytes * TERM_PART)) return;
    term.lists.forEach((list, at) => {
      const { docLengths } = this.#segments[at] as SegmentReader;
      if (list) list.decoded = new DecodedPostings(list, docLengths, this.#bm25);
    });
    term.isDecoded = true;
    term.decodedBytes = bytes;
    this.#decodedBytes += bytes;
  }
}
