import type { Analyzer } from './analyzer.js';
import { keyBytes } from './bytes.js';
import { grown, type SegmentWriter } from './segmentWriter.js';
import { WordNumbers } from './wordNumbers.js';

/** What a posting costs: in the order of the documents, and once more in the order of the terms when they are written. */
const BYTES_PER_POSTING = 10;
const MAX_SMALL_TF = 255;
const BYTES_PER_TERM = 120;

/** Collects the postings of documents in memory, in typed arrays, until they are written as a segment. */
export class InvertedBuffer {
  readonly #termIds = new Map<string, number>();
  #termBytes = 0;
  /** By term id: in how many documents it stands, and how often in the one being added. */
  #docFreqs = new Uint32Array(1024);
  #tfsOfDocument = new Uint32Array(1024);
  #docs = 0;
  /** By document: where its postings end. */
  #ends = new Uint32Array(1024);
  #count = 0;
  #terms = new Uint32Array(4096);
  #tfs = new Uint8Array(4096);
  /** By term and document, those that do not fit a byte. */
  readonly #largeTfs = new Map<number, Map<number, number>>();

  readonly #words: WordNumbers | undefined;
  /** The distinct terms of the document being added. */
  #distinct = new Uint32Array(1024);

  constructor(private readonly analyzer: Analyzer) {
    const { termOf } = analyzer;
    const numberOf = (term: string) => this.#numberOf(term);
    this.#words = termOf && new WordNumbers((word) => termOf.call(analyzer, word), numberOf);
  }

  /** About how much memory it takes, and will take when written. */
  get bytes(): number {
    return this.#count * BYTES_PER_POSTING + this.#termBytes + (this.#words?.bytes ?? 0);
  }

  /** Adds the next document; returns how many terms it has, repeated as often as they occur. */
  add(text: string): number {
    if (this.#words) {
      const count = this.#words.analyze(text);
      this.#addTerms(this.#words.terms, count);
      return count;
    }
    const numbers = Uint32Array.from(this.analyzer.tokens(text), (token) => this.#numberOf(token));
    this.#addTerms(numbers, numbers.length);
    return numbers.length;
  }

  #addTerms(numbers: Uint32Array, count: number): void {
    const tfs = this.#tfsOfDocument;
    if (count > this.#distinct.length) this.#distinct = grown(this.#distinct, count);
    const distinct = this.#distinct;
    let distinctCount = 0;
    for (let at = 0; at < count; at++) {
      const term = numbers[at] as number;
      const tf = (tfs[term] as number) + 1;
      tfs[term] = tf;
      if (tf === 1) distinct[distinctCount++] = term;
    }
    this.#reserve(distinctCount);
    let place = this.#count;
    for (let at = 0; at < distinctCount; at++) {
      const term = distinct[at] as number;
      const tf = tfs[term] as number;
      this.#terms[place] = term;
      this.#tfs[place] = Math.min(tf, MAX_SMALL_TF);
      if (tf >= MAX_SMALL_TF) this.#keepLargeTf(term, tf);
      place++;
      this.#docFreqs[term] = (this.#docFreqs[term] as number) + 1;
      tfs[term] = 0;
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
    for (const term of [...this.#termIds.keys()].sort()) {
      const id = this.#termIds.get(term) as number;
      const start = starts[id] as number;
      const count = this.#docFreqs[id] as number;
      const docsOfTerm = docs.subarray(start, start + count);
      if (count > tfsOfTerm.length) tfsOfTerm = new Uint32Array(count * 2);
      for (let at = 0; at < count; at++) tfsOfTerm[at] = tfs[start + at] as number;
      for (const [doc, tf] of this.#largeTfs.get(id) ?? []) tfsOfTerm[docsOfTerm.indexOf(doc)] = tf;
      segment.addTerm(keyBytes(term), docsOfTerm, tfsOfTerm, count);
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

  #numberOf(term: string): number {
    return this.#termIds.get(term) ?? this.#newTerm(term);
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
      const tfs = new Uint8Array(this.#terms.length);
      tfs.set(this.#tfs);
      this.#tfs = tfs;
    }
  }
}
