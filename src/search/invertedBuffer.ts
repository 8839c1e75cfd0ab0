import { keyBytes } from './bytes.js';
import { grown, type SegmentWriter } from './segmentWriter.js';

/** What a posting costs: in the order of the documents, and once more in the order of the terms when they are written. */
const BYTES_PER_POSTING = 20;
const BYTES_PER_TERM = 120;

/** Collects the postings of documents in memory, in typed arrays, until they are written as a segment. */
export class InvertedBuffer {
  readonly #termIds = new Map<string, number>();
  #termBytes = 0;
  /** By term id: in how many documents it stands, and how often in the one being added. */
  #docFreqs = new Uint32Array(1024);
  #tfsOfDocument = new Uint32Array(1024);
  #docs = 0;
  #count = 0;
  #terms = new Uint32Array(4096);
  #postingDocs = new Uint32Array(4096);
  #tfs = new Uint32Array(4096);

  /** About how much memory it takes, and will take when written. */
  get bytes(): number {
    return this.#count * BYTES_PER_POSTING + this.#termBytes;
  }

  /** Adds the next document. */
  add(tokens: readonly string[]): void {
    const distinct: number[] = [];
    for (const token of tokens) {
      const term = this.#termIds.get(token) ?? this.#newTerm(token);
      const tf = (this.#tfsOfDocument[term] as number) + 1;
      this.#tfsOfDocument[term] = tf;
      if (tf === 1) distinct.push(term);
    }
    this.#reserve(distinct.length);
    for (const term of distinct) {
      this.#terms[this.#count] = term;
      this.#postingDocs[this.#count] = this.#docs;
      this.#tfs[this.#count] = this.#tfsOfDocument[term] as number;
      this.#count++;
      this.#docFreqs[term] = (this.#docFreqs[term] as number) + 1;
      this.#tfsOfDocument[term] = 0;
    }
    this.#docs++;
  }

  /** Writes every term with its postings, in order. */
  writeTo(segment: SegmentWriter): void {
    const { starts, docs, tfs } = this.#byTerm();
    for (const term of [...this.#termIds.keys()].sort()) {
      const id = this.#termIds.get(term) as number;
      const start = starts[id] as number;
      const count = this.#docFreqs[id] as number;
      segment.addTerm(keyBytes(term), docs.subarray(start, start + count), tfs.subarray(start, start + count), count);
    }
  }

  /** The postings sorted by term (a counting sort, so documents stay in order). */
  #byTerm(): { starts: Uint32Array; docs: Uint32Array; tfs: Uint32Array } {
    const termCount = this.#termIds.size;
    const starts = new Uint32Array(termCount + 1);
    for (let term = 0; term < termCount; term++) {
      starts[term + 1] = (starts[term] as number) + (this.#docFreqs[term] as number);
    }
    const next = starts.slice();
    const docs = new Uint32Array(this.#count);
    const tfs = new Uint32Array(this.#count);
    for (let at = 0; at < this.#count; at++) {
      const term = this.#terms[at] as number;
      const place = next[term] as number;
      next[term] = place + 1;
      docs[place] = this.#postingDocs[at] as number;
      tfs[place] = this.#tfs[at] as number;
    }
    return { starts, docs, tfs };
  }

  #newTerm(token: string): number {
    const id = this.#termIds.size;
    this.#termIds.set(token, id);
    this.#termBytes += BYTES_PER_TERM + 2 * token.length;
    if (id === this.#docFreqs.length) {
      this.#docFreqs = grown(this.#docFreqs);
      this.#tfsOfDocument = grown(this.#tfsOfDocument);
    }
    return id;
  }

  #reserve(count: number): void {
    while (this.#count + count > this.#terms.length) {
      this.#terms = grown(this.#terms);
      this.#postingDocs = grown(this.#postingDocs);
      this.#tfs = grown(this.#tfs);
    }
  }
}
