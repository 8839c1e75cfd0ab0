import { ByteReader, ByteWriter, keyBytes } from '../format/bytes.js';
import { grown, type SegmentWriter } from '../format/segmentWriter.js';
import { sortedOrder } from './sortedOrder.js';

/** Each part reads all postings once, and takes 48 MB. */
const MAX_PART_POSTINGS = 6 * 2 ** 20;
const PART_POSTING_BYTES = 8;
const BUFFERED_TERM_BYTES = 120;
/** The most bytes of a posting here: two varints. */
const BUFFERED_POSTING_BYTES = 10;
/** Postings wait in pieces of this size, as one that grows would be copied. */
const PIECE_BYTES = 2 ** 20;

/**
 * Collects the postings of documents in memory until they are written as a segment. They wait in the order of the documents, as
 * varints: the number of terms of a document, then for each the id · 2, plus 1 if a tf over 1 follows. Terms are numbered in
 * the order of their first use, so frequent ones take few bytes.
 */
export class InvertedBuffer {
  readonly #termIds = new Map<string, number>();
  #termBytes = 0;
  /** The document frequency by term id. */
  #docFreqs = new Uint32Array(1024);
  #count = 0;
  #piece = new ByteWriter();
  readonly #pieces = [this.#piece];
  /** The bytes of the pieces before the last. */
  #fullBytes = 0;
  readonly #partPostings: number;

  /** `partPostings`: how many postings are put in term order at once. */
  constructor(partPostings = MAX_PART_POSTINGS) {
    this.#partPostings = partPostings;
  }

  /** About how much memory it takes, and will take when written. */
  get bytes(): number {
    const postings = this.#fullBytes + this.#piece.length;
    return postings + Math.min(this.#count, this.#partPostings) * PART_POSTING_BYTES + this.#termBytes;
  }

  /** The number of a term, for `add`. */
  numberOf(term: string): number {
    return this.#termIds.get(term) ?? this.#newTerm(term);
  }

  /** Adds the next document: its distinct terms, from `from` to `to` of `terms`, by `numbers`, and how often each occurs. */
  add(terms: Uint32Array, numbers: Uint32Array, tfs: Uint32Array, from: number, to: number): void {
    const docFreqs = this.#docFreqs;
    if (this.#piece.length >= PIECE_BYTES) {
      this.#fullBytes += this.#piece.length;
      this.#piece = new ByteWriter();
      this.#pieces.push(this.#piece);
    }
    const out = this.#piece;
    out.varint(to - from);
    const bytes = out.room((to - from) * BUFFERED_POSTING_BYTES);
    let end = out.length;
    for (let at = from; at < to; at++) {
      const term = numbers[terms[at] as number] as number;
      const tf = tfs[at] as number;
      docFreqs[term] = (docFreqs[term] as number) + 1;
      let rest = term * 2 + (tf > 1 ? 1 : 0);
      for (; rest >= 0x80; rest >>>= 7) bytes[end++] = rest | 0x80;
      bytes[end++] = rest;
      if (tf === 1) continue;
      for (rest = tf; rest >= 0x80; rest >>>= 7) bytes[end++] = rest | 0x80;
      bytes[end++] = rest;
    }
    out.length = end;
    this.#count += to - from;
  }

  /** Writes every term with its postings, in order. */
  writeTo(segment: SegmentWriter): void {
    const terms = [...this.#termIds.keys()];
    const order = sortedOrder(terms);
    const docFreqs = this.#docFreqs;
    const room = Math.min(this.#count, this.#partPostings);
    let [docs, tfs] = [new Uint32Array(room), new Uint32Array(room)];
    for (let from = 0; from < order.length; ) {
      let to = from;
      let count = 0;
      for (; to < order.length; to++) {
        const docFreq = docFreqs[order[to] as number] as number;
        if (to > from && count + docFreq > this.#partPostings) break;
        count += docFreq;
      }
      // One term may have more postings than a part.
      if (count > docs.length) [docs, tfs] = [new Uint32Array(count), new Uint32Array(count)];
      const part = order.subarray(from, to);
      this.#invert(part, docs, tfs);
      let start = 0;
      for (const id of part) {
        const end = start + (docFreqs[id] as number);
        segment.addTerm(
          keyBytes(terms[id] as string),
          docs.subarray(start, end),
          tfs.subarray(start, end),
          end - start,
        );
        start = end;
      }
      from = to;
    }
  }

  /** Fills `docs` and `tfs` with the postings of some terms, one term after another, the documents of each in order. */
  #invert(part: Uint32Array, docs: Uint32Array, tfs: Uint32Array): void {
    /** The index of the next posting plus 1, by term id; 0 for a term of another part. */
    const next = new Uint32Array(this.#termIds.size);
    let start = 1;
    for (const id of part) {
      next[id] = start;
      start += this.#docFreqs[id] as number;
    }
    let doc = 0;
    for (const piece of this.#pieces) {
      const reader = new ByteReader(piece.view());
      for (; !reader.done; doc++) {
        for (let left = reader.varint(); left > 0; left--) {
          const unit = reader.varint();
          const tf = unit % 2 === 1 ? reader.varint() : 1;
          const id = unit >>> 1;
          const place = next[id] as number;
          if (place === 0) continue;
          next[id] = place + 1;
          docs[place - 1] = doc;
          tfs[place - 1] = tf;
        }
      }
    }
  }

  #newTerm(token: string): number {
    const id = this.#termIds.size;
    this.#termIds.set(token, id);
    this.#termBytes += BUFFERED_TERM_BYTES + 2 * token.length;
    if (id === this.#docFreqs.length) this.#docFreqs = grown(this.#docFreqs);
    return id;
  }
}
