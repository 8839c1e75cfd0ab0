import type { Bm25 } from './bm25.js';
import type { TermPostings } from './termReader.js';

/** The largest impact: tf / (tf + norm) = 1. */
export const MAX_IMPACT = 255;
/** Documents are numbered in a list from the last multiple of this on. */
const LOCAL_DOCS = 2 ** 16;
const MAX_TF = 255;
/** A cell of the table of places has about so many postings. */
const POSTINGS_PER_CELL = 16;
const MAX_CELL_SHIFT = 13;
const BYTES_PER_POSTING = 4;
const BYTES_PER_LIST = 700;

/** The postings of one term as the scorer needs them: 4 bytes each, and a table to find the place of a document. */
export class TermList {
  readonly idf: number;
  /** The low 16 bits of each document. */
  readonly docs: Uint16Array;
  /** tf / (tf + norm) of each posting, as a part of 255, rounded up. */
  readonly impacts: Uint8Array;
  readonly maxImpact: number;
  /** Where the postings of the documents from n · 2^cellShift on begin, for each n. */
  readonly starts: Uint32Array;
  readonly cellShift: number;
  readonly #tfs: Uint8Array;
  /** By place, those that do not fit a byte. */
  readonly #largeTfs = new Map<number, number>();

  constructor({ docs, tfs, count }: TermPostings, { norms, idf }: { norms: Float64Array; idf: number }) {
    this.idf = idf;
    const cellShift = cellShiftFor(count, norms.length);
    const lows = new Uint16Array(count);
    const impacts = new Uint8Array(count);
    const smallTfs = new Uint8Array(count);
    const starts = new Uint32Array((norms.length >>> cellShift) + 2);
    let maxImpact = 0;
    let cell = 0;
    for (let at = 0; at < count; at++) {
      const doc = docs[at] as number;
      const tf = tfs[at] as number;
      const exact = (MAX_IMPACT * tf) / (tf + (norms[doc] as number));
      const floor = exact | 0;
      const impact = floor < exact ? floor + 1 : floor;
      while (cell < doc >>> cellShift) starts[++cell] = at;
      lows[at] = doc;
      impacts[at] = impact;
      smallTfs[at] = tf < MAX_TF ? tf : MAX_TF;
      if (tf >= MAX_TF) this.#largeTfs.set(at, tf);
      if (impact > maxImpact) maxImpact = impact;
    }
    this.cellShift = cellShift;
    this.docs = lows;
    this.impacts = impacts;
    this.#tfs = smallTfs;
    this.starts = starts;
    this.starts.fill(count, cell + 1);
    this.maxImpact = maxImpact;
  }

  get docFreq(): number {
    return this.docs.length;
  }

  get bytes(): number {
    return this.docFreq * BYTES_PER_POSTING + this.starts.byteLength + BYTES_PER_LIST;
  }

  /** The place of the first posting of the documents from `docId` on, a multiple of 2^13. */
  startOf(docId: number): number {
    return this.starts[Math.min(docId >>> this.cellShift, this.starts.length - 1)] as number;
  }

  /** The place of a document in the list; −1 where it is not there. */
  placeOf(docId: number): number {
    const cell = docId >>> this.cellShift;
    const end = this.starts[cell + 1] as number;
    const local = docId % LOCAL_DOCS;
    for (let at = this.starts[cell] as number; at < end; at++) {
      const doc = this.docs[at] as number;
      if (doc >= local) return doc === local ? at : -1;
    }
    return -1;
  }

  tfAt(place: number): number {
    const tf = this.#tfs[place] as number;
    return tf < MAX_TF ? tf : (this.#largeTfs.get(place) as number);
  }

  /** w(t, d) of a document; 0 where it has not the term. */
  weightOf(docId: number, bm25: Bm25): number {
    const place = this.placeOf(docId);
    if (place < 0) return 0;
    const tf = this.tfAt(place);
    return bm25.weight(this.idf, tf, docId);
  }
}

function cellShiftFor(count: number, docs: number): number {
  const docsPerCell = (docs * POSTINGS_PER_CELL) / Math.max(1, count);
  return Math.max(4, Math.min(MAX_CELL_SHIFT, Math.floor(Math.log2(docsPerCell))));
}
