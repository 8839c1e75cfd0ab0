import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { outputError } from '../../errors.js';
import { damagedIndex } from './errors.js';

/**
 * A data file is a row of slots of 16 KiB, each a chunk of one stream with the checksum of its bytes and of its place; then the
 * footer, JSON; then the footer's length and checksum. Every byte is covered by a checksum, and a reader maps nothing into memory:
 * damaged or truncated bytes are always refused. The footer also holds a checksum of the checksums of all chunks, so its own
 * checksum stands for the whole file.
 */
export const streamNames = ['terms', 'postings', 'docs', 'texts', 'tables'] as const;
export type StreamName = (typeof streamNames)[number];

export const SLOT_BYTES = 2 ** 14;
export const CHUNK_BYTES = SLOT_BYTES - 4;
/** The number of slots that are written at once: 1 MB. */
const WRITTEN_SLOTS = 64;
const TAIL_BYTES = 8;

interface Footer {
  /** The index of each slot's stream in `streamNames`, one digit a slot; the chunks of a stream are in order. */
  slots: string;
  /** The checksum of the chunks' checksums, in the order of the file. Absent in files of versions that did not write it. */
  chunks?: number | undefined;
  meta: unknown;
}

/** Writes chunks and one JSON value, `meta`, to a file that has no readers yet. The owner of the file syncs it. */
export class DataFileWriter {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(WRITTEN_SLOTS * SLOT_BYTES);
  readonly #counts: Record<StreamName, number> = { terms: 0, postings: 0, docs: 0, texts: 0, tables: 0 };
  #slots = '';
  #chunksChecksum = 0;
  #waiting = 0;

  readonly #path: string;

  /** Opens the file. If it exists, its chunks stay and others are appended. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a+');
    if (fstatSync(this.#file).size === 0) return;
    const { slots, chunks } = readFooter(this.#file, path).footer;
    for (const slot of slots) this.#counts[streamOf(slot)]++;
    this.#slots = slots;
    this.#chunksChecksum = chunks ?? checksumOfChunks(this.#file, slots.length);
    ftruncateSync(this.#file, slots.length * SLOT_BYTES);
  }

  /** Returns the number of chunks of a stream. */
  chunks(name: StreamName): number {
    return this.#counts[name];
  }

  /** Adds a chunk to a stream; one shorter than CHUNK_BYTES is padded with zeros. */
  append(name: StreamName, bytes: Uint8Array): void {
    const start = this.#waiting * SLOT_BYTES;
    this.#buffer.set(bytes, start);
    this.#buffer.fill(0, start + bytes.length, start + CHUNK_BYTES);
    const chunk = this.#buffer.subarray(start, start + CHUNK_BYTES);
    this.#buffer.writeUInt32LE(chunkChecksum(name, this.#counts[name]++, chunk), start + CHUNK_BYTES);
    this.#chunksChecksum = crc32(this.#buffer.subarray(start + CHUNK_BYTES, start + SLOT_BYTES), this.#chunksChecksum);
    this.#slots += streamNames.indexOf(name);
    if (++this.#waiting === WRITTEN_SLOTS) this.#flush();
  }

  /** Ends the file and returns the checksum that stands for all of it. */
  close(meta: unknown): number {
    this.#flush();
    const content: Footer = { slots: this.#slots, chunks: this.#chunksChecksum, meta };
    const footer = Buffer.from(JSON.stringify(content));
    const checksum = crc32(footer);
    const tail = Buffer.alloc(TAIL_BYTES);
    tail.writeUInt32LE(footer.length, 0);
    tail.writeUInt32LE(checksum, 4);
    this.#write(Buffer.concat([footer, tail]));
    closeSync(this.#file);
    return checksum;
  }

  abort(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#waiting * SLOT_BYTES));
    this.#waiting = 0;
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      throw outputError(error, this.#path);
    }
  }
}

/** Reads what DataFileWriter wrote. Refuses every chunk whose checksum is wrong. */
export class DataFileReader {
  readonly meta: unknown;
  /** The checksum that stands for the whole file; undefined for a file of a version that did not write one. */
  readonly checksum: number | undefined;
  readonly #file: number;
  readonly #footer: Footer;
  /** The slots of the chunks of each stream. */
  readonly #places: Record<StreamName, number[]> = { terms: [], postings: [], docs: [], texts: [], tables: [] };

  constructor(readonly path: string) {
    this.#file = openFile(path);
    try {
      const { footer, checksum } = readFooter(this.#file, path);
      const { slots } = footer;
      for (let slot = 0; slot < slots.length; slot++) this.#places[streamOf(slots[slot])].push(slot);
      this.#footer = footer;
      this.meta = footer.meta;
      this.checksum = footer.chunks === undefined ? undefined : checksum;
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  chunks(name: StreamName): number {
    return this.#places[name].length;
  }

  /** Returns a copy of a chunk. */
  chunk(name: StreamName, number: number): Uint8Array {
    return this.readChunk(name, number, new Uint8Array(SLOT_BYTES));
  }

  /** Reads a chunk, and its checksum behind it, into SLOT_BYTES bytes. Returns the chunk there. */
  readChunk(name: StreamName, number: number, bytes: Uint8Array): Uint8Array {
    const slot = this.#places[name][number];
    if (slot === undefined) throw this.#damaged(name, number, 'is missing');
    if (readSync(this.#file, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES) < SLOT_BYTES) {
      throw this.#damaged(name, number, 'is cut');
    }
    const chunk = bytes.subarray(0, CHUNK_BYTES);
    const stored = Buffer.from(bytes.buffer, bytes.byteOffset + CHUNK_BYTES).readUInt32LE();
    if (stored === chunkChecksum(name, number, chunk)) return chunk;
    throw this.#damaged(name, number, 'has a wrong checksum');
  }

  /** Refuses a file with chunks that are sound but not those that were written together. */
  verifyChunks(): void {
    const { slots, chunks } = this.#footer;
    if (chunks === undefined || chunks === checksumOfChunks(this.#file, slots.length)) return;
    throw damagedIndex(dirname(this.path), 'its data file has chunks of another one');
  }

  close(): void {
    closeSync(this.#file);
  }

  #damaged(name: StreamName, number: number, what: string): Error {
    return damagedIndex(dirname(this.path), `chunk ${number} of its ${name} ${what}`);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw damagedIndex(dirname(path), 'its data file cannot be opened', error);
  }
}

function readFooter(file: number, path: string): { footer: Footer; checksum: number } {
  const { size } = fstatSync(file);
  const tail = Buffer.alloc(TAIL_BYTES);
  const found = size < TAIL_BYTES ? 0 : readSync(file, tail, 0, TAIL_BYTES, size - TAIL_BYTES);
  const length = tail.readUInt32LE(0);
  const start = size - TAIL_BYTES - length;
  // No footer is empty: a tail of zeros would have the right checksum.
  if (found === TAIL_BYTES && start >= 0 && length > 0) {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, start);
    const checksum = crc32(bytes);
    if (checksum === tail.readUInt32LE(4)) return { footer: JSON.parse(bytes.toString()) as Footer, checksum };
  }
  throw damagedIndex(dirname(path), 'the end of its data file has a wrong checksum');
}

/** Reads the checksum that each slot ends with, and returns the checksum of them all. */
function checksumOfChunks(file: number, slots: number): number {
  const stored = Buffer.alloc(4);
  let checksum = 0;
  for (let slot = 1; slot <= slots; slot++) {
    readSync(file, stored, 0, 4, slot * SLOT_BYTES - 4);
    checksum = crc32(stored, checksum);
  }
  return checksum;
}

function streamOf(slot: string | undefined): StreamName {
  return streamNames[Number(slot)] as StreamName;
}

/** Covers the stream and the number of the chunk too, so that no chunk is taken for another. */
function chunkChecksum(name: StreamName, number: number, bytes: Uint8Array): number {
  return crc32(bytes, crc32(`${name}:${number}`));
}
