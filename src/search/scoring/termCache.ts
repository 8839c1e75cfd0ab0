import { keyBytes } from '../format/bytes.js';
import { CHUNK_BYTES } from '../format/dataFile.js';
import type { DictionaryEntry } from '../format/dictionary.js';
import { BLOCK } from '../format/postingsCodec.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import type { PostingsPages } from './postingsPages.js';
import type { SearchKernel } from './searchKernel.js';
import type { TableArena } from './tableArena.js';

/** A term of the index. */
export interface IndexedTerm {
  docFreq: number;
  idf: number;
  /** The address of its list in the memory of the kernel, for each segment; 0 in a segment that does not have it. */
  lists: readonly number[];
}

interface KnownTerm extends IndexedTerm {
  isDecoded: boolean;
}

/** About what a term takes in JavaScript's memory. */
const TERM_BYTES = 300;
/** The kernel's structures. */
export const CURSOR_BYTES = 64;
const LIST_BYTES = 60;
/** The place of the fields of a decoded list, in u32. */
const DECODED_AT = 10;
/** Decoded postings take at most this part of the memory, and those of one term at most that. */
const DECODED_PART = 3 / 4;
const DECODED_TERM_PART = 1 / 64;
/** About how many postings are in a cell of a decoded list, and the most documents of one. */
const POSTINGS_PER_CELL = 8;
const MAX_CELL_SHIFT = 14;
/** Decoded documents are read eight at a time. */
const READ_ON_BYTES = 16;
/** The longest varint that begins a list. */
const HEAD_BYTES = 8;

/** Finds terms, and keeps the tables of their postings until they take more than they may; then all are dropped. */
export class TermCache {
  readonly #terms = new Map<string, KnownTerm>();
  readonly #arena: TableArena;
  readonly #scratch: number;
  readonly #cursor: number;

  readonly #kernel: SearchKernel;
  readonly #pages: PostingsPages;
  readonly #segments: readonly SegmentReader[];
  readonly #bm25: Bm25;
  readonly #maxBytes: number;
  readonly #select: (segment: number) => void;

  /** `select` makes a segment the kernel's current one. */
  constructor(parts: {
    kernel: SearchKernel;
    arena: TableArena;
    pages: PostingsPages;
    segments: readonly SegmentReader[];
    bm25: Bm25;
    maxBytes: number;
    select: (segment: number) => void;
  }) {
    this.#kernel = parts.kernel;
    this.#pages = parts.pages;
    this.#segments = parts.segments;
    this.#bm25 = parts.bm25;
    this.#maxBytes = parts.maxBytes;
    this.#select = parts.select;
    this.#arena = parts.arena;
    this.#scratch = parts.kernel.reserve(HEAD_BYTES);
    this.#cursor = parts.kernel.reserve(CURSOR_BYTES);
  }

  /** Makes room if there is none. Not called while a search uses lists. */
  trim(): void {
    if (this.#arena.bytes + this.#terms.size * TERM_BYTES <= this.#maxBytes) return;
    this.#terms.clear();
    this.#arena.clear();
  }

  /** Returns a term; its `docFreq` is 0 if no document has it. */
  get(term: string): IndexedTerm {
    const known = this.#terms.get(term);
    if (known !== undefined) {
      if (!known.isDecoded) this.#decode(known);
      return known;
    }
    const key = keyBytes(term);
    const lists: number[] = [];
    let docFreq = 0;
    for (let at = 0; at < this.#segments.length; at++) {
      const entry = (this.#segments[at] as SegmentReader).terms.lookup(key);
      docFreq += entry?.count ?? 0;
      lists.push(entry === undefined ? 0 : this.#list(entry, at));
    }
    const found = { docFreq, idf: this.#bm25.idf(docFreq), lists, isDecoded: false };
    this.#terms.set(term, found);
    return found;
  }

  /** Decodes a term that is used again, if there is room. */
  #decode(term: KnownTerm): void {
    const { docFreq, lists } = term;
    const room = this.#maxBytes * DECODED_PART - this.#arena.bytes;
    if (docFreq * 4 > Math.min(room, this.#maxBytes * DECODED_TERM_PART)) return;
    term.isDecoded = true;
    for (let at = 0; at < lists.length; at++) if (lists[at] !== 0) this.#decodeList(lists[at] as number, at);
  }

  #decodeList(list: number, segment: number): void {
    const { docs: segmentDocs } = this.#segments[segment] as SegmentReader;
    const count = this.#kernel.u32[list / 4] as number;
    const perCell = Math.log2((segmentDocs * POSTINGS_PER_CELL) / count);
    const cellShift = Math.max(4, Math.min(MAX_CELL_SHIFT, Math.floor(perCell)));
    const docs = this.#arena.take(count * 2 + READ_ON_BYTES);
    const impacts = this.#arena.take(count);
    const tfs = this.#arena.take(count);
    const cells = this.#arena.take(((segmentDocs >>> cellShift) + 2) * 4);
    this.#kernel.u32.set([docs, impacts, tfs, cells, cellShift], list / 4 + DECODED_AT);
    this.#select(segment);
    this.#kernel.exports.decode(list, this.#cursor);
  }

  #list(entry: DictionaryEntry, segment: number): number {
    const { count, offset, length, inline } = entry;
    const blocks = Math.ceil(count / BLOCK);
    const list = this.#arena.take(LIST_BYTES);
    const lastDocs = this.#arena.take(blocks * 4);
    const starts = this.#arena.take(blocks * 4 + 4);
    const maxImpacts = this.#arena.take(blocks);
    if (blocks === 1) {
      const whole = this.#arena.take(length);
      if (inline) this.#kernel.u8.set(inline, whole);
      else this.#pages.copy(offset, length, whole);
      this.#write(list, [count, blocks, 1, 0, whole, 0, 0, lastDocs, starts, maxImpacts]);
      this.#select(segment);
      this.#kernel.exports.readWhole(list);
      return list;
    }
    this.#pages.copy(offset, HEAD_BYTES, this.#scratch);
    const { value: head, bytes: headBytes } = varintAt(this.#kernel.u8, this.#scratch);
    const tableBytes = head >>> 1;
    const table = this.#arena.take(tableBytes);
    this.#pages.copy(offset + headBytes, tableBytes, table);
    const first = offset + headBytes + tableBytes;
    const chunk = Math.floor(first / CHUNK_BYTES);
    const within = first - chunk * CHUNK_BYTES;
    this.#write(list, [count, blocks, head % 2, 0, 0, chunk, within, lastDocs, starts, maxImpacts]);
    this.#kernel.exports.readTable(list, table);
    return list;
  }

  #write(list: number, fields: readonly number[]): void {
    this.#kernel.u32.set(fields, list / 4);
    this.#kernel.u32.fill(0, list / 4 + DECODED_AT, (list + LIST_BYTES) / 4);
  }
}

function varintAt(bytes: Uint8Array, from: number): { value: number; bytes: number } {
  let value = 0;
  for (let at = from, unit = 1; ; at++, unit *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return { value, bytes: at + 1 - from };
  }
}
