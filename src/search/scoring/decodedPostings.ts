import { decodePostings } from '../format/postingsCodec.js';
import type { Bm25 } from './bm25.js';
import { BLOCK_DOCS, type Postings } from './postingsTypes.js';
import type { TermPostings } from './termPostings.js';

/** Documents are numbered in a list from the last multiple of this on. */
const LOCAL_DOCS = 2 ** 16;
const MAX_TF = 255;
/** About how many postings belong to a cell of the table of offsets. */
const POSTINGS_PER_CELL = 16;
const MAX_CELL_SHIFT = Math.log2(BLOCK_DOCS);
const DECODED_POSTING_BYTES = 4;

let docs = new Uint32Array(1024);
let tfs = new Uint32Array(1024);

/** The decoded postings of a term that is used often: 4 bytes each, and a table to find the index of a document. */
export class DecodedPostings implements Postings {
  readonly #maxImpact: number;
  /** The low 16 bits of each document. */
  readonly #docs: Uint16Array;
  readonly #impacts: Uint8Array;
  readonly #tfs: Uint8Array;
  /** The term frequencies that do not fit a byte, by index. */
  readonly #largeTfs = new Map<number, number>();
  /** The index of the first posting of the documents from n · 2^cellShift on, for each n. */
  readonly #starts: Uint32Array;
  readonly #cellShift: number;

  constructor(list: TermPostings, docLengths: Uint32Array, bm25: Bm25) {
    const count = list.docFreq;
    this.#maxImpact = list.maxImpact;
    if (count > docs.length) {
      docs = new Uint32Array(count);
      tfs = new Uint32Array(count);
    }
    decodePostings(list.read(), count, 0, docs, tfs);
    this.#cellShift = cellShiftFor(count, docLengths.length);
    this.#docs = Uint16Array.from(docs.subarray(0, count));
    this.#impacts = new Uint8Array(count);
    this.#tfs = new Uint8Array(count);
    this.#starts = new Uint32Array((docLengths.length >>> this.#cellShift) + 2);
    let cell = 0;
    for (let at = 0; at < count; at++) {
      const doc = docs[at] as number;
      const tf = tfs[at] as number;
      while (cell < doc >>> this.#cellShift) this.#starts[++cell] = at;
      this.#impacts[at] = bm25.impact(tf, docLengths[doc] as number);
      this.#tfs[at] = Math.min(tf, MAX_TF);
      if (tf >= MAX_TF) this.#largeTfs.set(at, tf);
    }
    this.#starts.fill(count, cell + 1);
  }

  static bytesFor(count: number, docs: number): number {
    return count * DECODED_POSTING_BYTES + (docs >>> cellShiftFor(count, docs)) * 4;
  }

  addTo(bounds: Int32Array, firstDoc: number, factor: number): void {
    const impacts = this.#impacts;
    const lows = this.#docs;
    const end = this.#startOf(firstDoc + BLOCK_DOCS);
    for (let at = this.#startOf(firstDoc); at < end; at++) {
      const local = (lows[at] as number) & (BLOCK_DOCS - 1);
      bounds[local] = (bounds[local] as number) + Math.imul(factor, impacts[at] as number);
    }
  }

  /** Returns the index of the first posting of the documents from `docId` on, a multiple of BLOCK_DOCS. */
  #startOf(docId: number): number {
    return this.#starts[Math.min(docId >>> this.#cellShift, this.#starts.length - 1)] as number;
  }

  /** Returns the index of a document in the list; −1 if it is not there. */
  #placeOf(docId: number): number {
    const cell = docId >>> this.#cellShift;
    const end = this.#starts[cell + 1] as number;
    const local = docId % LOCAL_DOCS;
    for (let at = this.#starts[cell] as number; at < end; at++) {
      const doc = this.#docs[at] as number;
      if (doc >= local) return doc === local ? at : -1;
    }
    return -1;
  }

  maxImpactAt(): number {
    return this.#maxImpact;
  }

  impactOf(docId: number): number {
    const place = this.#placeOf(docId);
    return place < 0 ? 0 : (this.#impacts[place] as number);
  }

  tfOf(docId: number): number {
    const place = this.#placeOf(docId);
    if (place < 0) return 0;
    const tf = this.#tfs[place] as number;
    return tf < MAX_TF ? tf : (this.#largeTfs.get(place) as number);
  }
}

function cellShiftFor(count: number, docs: number): number {
  const docsPerCell = (docs * POSTINGS_PER_CELL) / Math.max(1, count);
  return Math.max(4, Math.min(MAX_CELL_SHIFT, Math.floor(Math.log2(docsPerCell))));
}
