import { CHUNK_BYTES, type DataFileReader, type DataFileWriter, type StreamName } from './dataFile.js';

/** Appends bytes to a stream of a data file. */
export class StreamWriter {
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #number: number;

  /** `firstChunk`: how many chunks the stream holds already; they are left alone. */
  constructor(
    private readonly file: DataFileWriter,
    private readonly name: StreamName,
    firstChunk = 0,
  ) {
    this.#number = firstChunk;
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#number * CHUNK_BYTES + this.#filled;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(CHUNK_BYTES - this.#filled, bytes.length - at);
      this.#chunk.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === CHUNK_BYTES) this.#write();
    }
  }

  /** Writes what is left; returns how many chunks the stream holds now. */
  finish(): number {
    if (this.#filled > 0) this.#write();
    return this.#number;
  }

  #write(): void {
    this.file.chunk(this.name, this.#number, this.#chunk.subarray(0, this.#filled));
    this.#number++;
    this.#filled = 0;
  }
}

/** Chunks that a reader keeps: 1 MB. */
const KEPT_CHUNKS = 64;

/** Reads any bytes of a stream; the chunks read first are let go first. */
export class StreamReader {
  readonly #chunks = new Map<number, Uint8Array>();

  constructor(
    private readonly file: DataFileReader,
    private readonly name: StreamName,
  ) {}

  read(offset: number, length: number): Uint8Array {
    const first = Math.floor(offset / CHUNK_BYTES);
    const start = offset - first * CHUNK_BYTES;
    if (start + length <= CHUNK_BYTES) return this.#load(first).subarray(start, start + length);
    const bytes = new Uint8Array(length);
    let filled = 0;
    for (let number = first; filled < length; number++) {
      const from = number === first ? start : 0;
      const part = this.#load(number).subarray(from, from + length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  #load(number: number): Uint8Array {
    const known = this.#chunks.get(number);
    if (known !== undefined) return known;
    const chunk = this.file.chunk(this.name, number);
    if (this.#chunks.size >= KEPT_CHUNKS)
      for (const oldest of this.#chunks.keys()) if (this.#chunks.delete(oldest)) break;
    this.#chunks.set(number, chunk);
    return chunk;
  }
}
