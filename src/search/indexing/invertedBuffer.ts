import { keyBytes } from '../format/bytes.js';
import { grown, type SegmentWriter } from '../format/segmentWriter.js';
import { sortedOrder } from './sortedOrder.js';

/** The memory of a posting: once in document order, and once more in term order when postings are written. */
const BUFFERED_POSTING_BYTES = 10;
const MAX_SMALL_TF = 255;
const BUFFERED_TERM_BYTES = 120;

/** Collects the postings of documents in memory, in typed arrays, until they are written as a segment. */
export class InvertedBuffer {
  readonly #termIds = new Map<string, number>();
  #termBytes = 0;
  /** The document frequency by term id. */
  #docFreqs = new Uint32Array(1024);
  #docs = 0;
  /** The end of the postings of each document. */
  #ends = new Uint32Array(1024);
  #count = 0;
  #terms = new Uint32Array(4096);
  #tfs = new Uint8Array(4096);
  /** The term frequencies that do not fit a byte, by term and document. */
  readonly #largeTfs = new Map<number, Map<number, number>>();

  /** About how much memory it takes, and will take when written. */
  get bytes(): number {
    return this.#count * BUFFERED_POSTING_BYTES + this.#termBytes;
  }

  /** The number of a term, for `add`. */
  numberOf(term: string): number {
    return this.#termIds.get(term) ?? this.#newTerm(term);
  }

  /** Adds the next document: its distinct terms, from `from` to `to` of `terms`, by `numbers`, and how often each occurs. */
  add(terms: Uint32Array, numbers: Uint32Array, tfs: Uint32Array, from: number, to: number): void {
    this.#reserve(to - from);
    let place = this.#count;
    for (let at = from; at < to; at++) {
      const term = numbers[terms[at] as number] as number;
      const tf = tfs[at] as number;
      this.#terms[place] = term;
      this.#tfs[place] = Math.min(tf, MAX_SMALL_TF);
      if (tf >= MAX_SMALL_TF) this.#keepLargeTf(term, tf);
      place++;
      this.#docFreqs[term] = (this.#docFreqs[term] as number) + 1;
    }
    this.#count = place;
    if (this.#docs === this.#ends.length) this.#ends = grown(this.#ends);
    this.#ends[this.#docs++] = place;
  }

  #keepLargeTf(term: number, tf: number): void {
    const ofTerm = this.#largeTfs.get(term) ?? new Map<number, number>();
    this.#largeTfs.set(term, ofTerm.set(this.#docs, tf));
  }

  /** Writes every term with its postings, in order. */
  writeTo(segment: SegmentWriter): void {
    const { starts, docs, tfs } = this.#byTerm();
    let tfsOfTerm = new Uint32Array(1024);
    const terms = [...this.#termIds.keys()];
    for (const id of sortedOrder(terms)) {
      const start = starts[id] as number;
      const count = this.#docFreqs[id] as number;
      const docsOfTerm = docs.subarray(start, start + count);
      if (count > tfsOfTerm.length) tfsOfTerm = new Uint32Array(count * 2);
      for (let at = 0; at < count; at++) tfsOfTerm[at] = tfs[start + at] as number;
      for (const [doc, tf] of this.#largeTfs.get(id) ?? []) tfsOfTerm[docsOfTerm.indexOf(doc)] = tf;
      segment.addTerm(keyBytes(terms[id] as string), docsOfTerm, tfsOfTerm, count);
    }
  }

  /** The postings sorted by term (a counting sort, so documents stay in order). */
  #byTerm(): { starts: Uint32Array; docs: Uint32Array; tfs: Uint8Array } {
    const termCount = this.#termIds.size;
    const starts = new Uint32Array(termCount + 1);
    for (let term = 0; term < termCount; term++) {
      starts[term + 1] = (starts[term] as number) + (this.#docFreqs[term] as number);
    }
    const next = starts.slice();
    const docs = new Uint32Array(this.#count);
    const tfs = new Uint8Array(this.#count);
    const terms = this.#terms;
    for (let doc = 0, at = 0; doc < this.#docs; doc++) {
      for (const end = this.#ends[doc] as number; at < end; at++) {
        const term = terms[at] as number;
        const place = next[term] as number;
        next[term] = place + 1;
        docs[place] = doc;
        tfs[place] = this.#tfs[at] as number;
      }
    }
    return { starts, docs, tfs };
  }

  #newTerm(token: string): number {
    const id = this.#termIds.size;
    this.#termIds.set(token, id);
    this.#termBytes += BUFFERED_TERM_BYTES + 2 * token.length;
    if (id === this.#docFreqs.length) this.#docFreqs = grown(this.#docFreqs);
    return id;
  }

  #reserve(count: number): void {
    while (this.#count + count > this.#terms.length) {
      this.#terms = grown(this.#terms);
      const tfs = new Uint8Array(this.#terms.length);
      tfs.set(this.#tfs);
      this.#tfs = tfs;
    }
  }
}
