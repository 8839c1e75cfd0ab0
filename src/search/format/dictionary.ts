import { ByteReader, ByteWriter } from './bytes.js';
import type { ChunkedStreamReader, ChunkedStreamWriter } from './chunkedStream.js';
import { FrontDecoder, FrontEncoder } from './frontCoding.js';

/** A block ends when it holds this many bytes. */
const BLOCK_BYTES = 512;
/** Up to this many postings are stored in the dictionary itself. */
const INLINE_POSTINGS = 8;

/** The location of a dictionary in the streams. */
export interface DictionaryMeta {
  entries: number;
  /** The offset of the first block in the stream of blocks. */
  offset: number;
  /** The offset of the index (first keys and sizes of the blocks) in the stream of tables. */
  indexOffset: number;
  indexBytes: number;
}

/** The postings of one key: how many, and where their bytes are. */
export interface DictionaryEntry {
  count: number;
  /** In the stream of postings. */
  offset: number;
  length: number;
  /** The bytes, if they are stored in the dictionary. */
  inline: Uint8Array | undefined;
}

/**
 * Writes a sorted map of keys to postings: blocks of front-coded keys, the postings of frequent keys in a separate stream, and
 * an index of the blocks' first keys that a reader holds in memory.
 */
export class DictionaryWriter {
  readonly #offset: number;
  readonly #block = new ByteWriter();
  readonly #index = new ByteWriter();
  #entries = 0;
  readonly #keys = new FrontEncoder();
  readonly #firstKeys = new FrontEncoder();

  readonly #blocks: ChunkedStreamWriter;
  readonly #postings: ChunkedStreamWriter;

  constructor(blocks: ChunkedStreamWriter, postings: ChunkedStreamWriter) {
    this.#blocks = blocks;
    this.#postings = postings;
    this.#offset = blocks.offset;
  }

  /** Adds a key; keys must come in ascending order of their bytes. */
  add(key: Uint8Array, count: number, postings: Uint8Array): void {
    if (this.#block.length === 0) {
      this.#firstKeys.write(this.#index, key);
      this.#keys.reset();
      this.#block.varint(this.#postings.offset);
    }
    this.#keys.write(this.#block, key);
    this.#block.varint(count);
    this.#block.varint(postings.length);
    if (count <= INLINE_POSTINGS) this.#block.raw(postings);
    else this.#postings.append(postings);
    this.#entries++;
    if (this.#block.length >= BLOCK_BYTES) this.#endBlock();
  }

  finish(tables: ChunkedStreamWriter): DictionaryMeta {
    if (this.#block.length > 0) this.#endBlock();
    const indexOffset = tables.offset;
    tables.append(this.#index.view());
    return { entries: this.#entries, offset: this.#offset, indexOffset, indexBytes: this.#index.length };
  }

  #endBlock(): void {
    this.#index.varint(this.#block.length);
    this.#blocks.append(this.#block.view());
    this.#block.clear();
  }
}

/** The first keys of the blocks, in one array: an array for each would take many times the memory. */
interface BlockIndex {
  blocks: number;
  keys: Uint8Array;
  /** The place of each key in `keys`, and the end of the last one. */
  keyStarts: Uint32Array;
  /** The offset of each block, and the end of the last one. */
  offsets: Float64Array;
}

/** Finds keys in what DictionaryWriter wrote. The index of blocks is read at the first use. */
export class Dictionary {
  #index: BlockIndex | undefined;

  readonly #place: DictionaryMeta;
  readonly #blocks: ChunkedStreamReader;
  readonly #postings: ChunkedStreamReader;
  readonly #tables: ChunkedStreamReader;

  constructor(
    place: DictionaryMeta,
    blocks: ChunkedStreamReader,
    postings: ChunkedStreamReader,
    tables: ChunkedStreamReader,
  ) {
    this.#place = place;
    this.#blocks = blocks;
    this.#postings = postings;
    this.#tables = tables;
  }

  get entries(): number {
    return this.#place.entries;
  }

  lookup(key: Uint8Array): DictionaryEntry | undefined {
    const block = this.#blockOf(key);
    return block < 0 ? undefined : this.#find(block, key);
  }

  /**
   * Goes through a block without making its keys: an entry that shares more with the one before it than that one with `key` is before
   * `key` too; one that shares less is behind it.
   */
  #find(block: number, key: Uint8Array): DictionaryEntry | undefined {
    const reader = this.#blockReader(block);
    const { bytes } = reader;
    let offset = reader.varint();
    let matched = 0;
    while (!reader.done) {
      const shared = reader.varint();
      const suffix = reader.varint();
      const start = reader.at;
      reader.at += suffix;
      const count = reader.varint();
      const length = reader.varint();
      if (shared < matched) return undefined;
      if (shared === matched) {
        let at = 0;
        while (at < suffix && matched < key.length && bytes[start + at] === key[matched]) {
          at++;
          matched++;
        }
        if (at === suffix && matched === key.length) {
          return { count, offset, length, inline: count <= INLINE_POSTINGS ? reader.raw(length) : undefined };
        }
        if (at < suffix && (matched === key.length || (bytes[start + at] as number) > (key[matched] as number)))
          return undefined;
      }
      if (count <= INLINE_POSTINGS) reader.at += length;
      else offset += length;
    }
    return undefined;
  }

  /** Yields every key in order; `key` is valid until the next one is read. */
  *all(): Generator<DictionaryEntry & { key: Uint8Array }> {
    for (let block = 0; block < this.#blockIndex().blocks; block++) yield* this.#read(block);
  }

  /** Returns the bytes of the postings of an entry. */
  postingsOf({ offset, length, inline }: DictionaryEntry): Uint8Array {
    return inline ?? this.#postings.read(offset, length);
  }

  /** Returns the last block whose first key is not after `key`; −1 if there is none. */
  #blockOf(key: Uint8Array): number {
    const { blocks, keys, keyStarts } = this.#blockIndex();
    let low = 0;
    let high = blocks;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareAt(keys, keyStarts[middle] as number, keyStarts[middle + 1] as number, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Yields the entries of a block; `key` is valid until the next one is read. */
  *#read(block: number): Generator<DictionaryEntry & { key: Uint8Array }> {
    const reader = this.#blockReader(block);
    let offset = reader.varint();
    const keys = new FrontDecoder();
    while (!reader.done) {
      const key = keys.read(reader);
      const count = reader.varint();
      const length = reader.varint();
      const inline = count <= INLINE_POSTINGS ? reader.raw(length) : undefined;
      yield { key, count, offset, length, inline };
      if (inline === undefined) offset += length;
    }
  }

  #blockReader(block: number): ByteReader {
    const { offsets } = this.#blockIndex();
    const start = offsets[block] as number;
    return new ByteReader(this.#blocks.read(start, (offsets[block + 1] as number) - start));
  }

  #blockIndex(): BlockIndex {
    this.#index ??= this.#loadIndex();
    return this.#index;
  }

  #loadIndex(): BlockIndex {
    const { offset, indexOffset, indexBytes } = this.#place;
    const reader = new ByteReader(this.#tables.read(indexOffset, indexBytes));
    const keys = new ByteWriter();
    const keyStarts = [0];
    const offsets = [offset];
    let end = offset;
    let last = 0;
    while (!reader.done) {
      const start = keys.length;
      const shared = reader.varint();
      const suffix = reader.varint();
      const bytes = keys.room(shared + suffix);
      bytes.copyWithin(start, last, last + shared);
      keys.length += shared;
      keys.raw(reader.raw(suffix));
      keyStarts.push(keys.length);
      end += reader.varint();
      offsets.push(end);
      last = start;
    }
    return {
      blocks: offsets.length - 1,
      keys: keys.view().slice(),
      keyStarts: Uint32Array.from(keyStarts),
      offsets: Float64Array.from(offsets),
    };
  }
}

/** Compares the bytes from `start` to `end` with a key, as Buffer.compare does. */
function compareAt(bytes: Uint8Array, start: number, end: number, key: Uint8Array): number {
  const shared = Math.min(end - start, key.length);
  for (let at = 0; at < shared; at++) {
    const difference = (bytes[start + at] as number) - (key[at] as number);
    if (difference !== 0) return difference;
  }
  return end - start - key.length;
}
