import { CHUNK_BYTES, type DataFileReader, type DataFileWriter, type StreamName } from './dataFile.js';

/** Appends bytes to a stream of a data file, beginning with a new chunk. */
export class ChunkedStreamWriter {
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;

  readonly #file: DataFileWriter;
  readonly #name: StreamName;

  constructor(file: DataFileWriter, name: StreamName) {
    this.#file = file;
    this.#name = name;
  }

  /** The offset of the next byte. */
  get offset(): number {
    return this.#file.chunks(this.#name) * CHUNK_BYTES + this.#filled;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(CHUNK_BYTES - this.#filled, bytes.length - at);
      this.#chunk.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === CHUNK_BYTES) this.finish();
    }
  }

  /** Writes the remaining bytes. */
  finish(): void {
    if (this.#filled === 0) return;
    this.#file.append(this.#name, this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

/** The number of chunks that a reader keeps: 4 MB. */
const KEPT_CHUNKS = 256;

/** Reads any bytes of a stream, and keeps the chunks read last. */
export class ChunkedStreamReader {
  readonly #chunks = new Map<number, Uint8Array>();

  readonly #file: DataFileReader;
  readonly #name: StreamName;

  constructor(file: DataFileReader, name: StreamName) {
    this.#file = file;
    this.#name = name;
  }

  /** The number of chunks. */
  get chunks(): number {
    return this.#file.chunks(this.#name);
  }

  /** Reads a chunk into bytes of the caller (see DataFileReader.readChunk). */
  readInto(number: number, bytes: Uint8Array): void {
    this.#file.readChunk(this.#name, number, bytes);
  }

  read(offset: number, length: number): Uint8Array {
    const first = Math.floor(offset / CHUNK_BYTES);
    const start = offset - first * CHUNK_BYTES;
    if (start + length <= CHUNK_BYTES) return this.chunk(first).subarray(start, start + length);
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (let number = first; filled < length; number++) {
      const from = number === first ? start : 0;
      const part = this.chunk(number).subarray(from, from + length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** The bytes from `number` · CHUNK_BYTES on. */
  chunk(number: number): Uint8Array {
    const known = this.#chunks.get(number);
    if (known !== undefined) {
      this.#chunks.delete(number);
      this.#chunks.set(number, known);
      return known;
    }
    const chunk = this.#file.chunk(this.#name, number);
    if (this.#chunks.size >= KEPT_CHUNKS)
      for (const oldest of this.#chunks.keys()) if (this.#chunks.delete(oldest)) break;
    this.#chunks.set(number, chunk);
    return chunk;
  }
}
