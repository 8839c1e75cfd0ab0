import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Database, open, type RootDatabase } from 'lmdb';
import { OutputError } from '../errors.js';
import { damaged } from './refusals.js';

/** The byte streams of an index; each is cut into chunks, and each chunk is one LMDB value under its number. */
export const streamNames = ['terms', 'postings', 'docs', 'texts', 'tables'] as const;
export type StreamName = (typeof streamNames)[number];

/** With its checksum and LMDB's 24-byte page header, a chunk fills four pages of 4,096 bytes exactly. */
export const CHUNK_BYTES = 4 * 4096 - 24 - 4;
/** Chunks are written 4 MB to a transaction. */
const CHUNKS_PER_TRANSACTION = 256;
const META = 'meta';
const MAX_READERS = 2048;

type Chunks = Database<Uint8Array, number>;

/** Writes chunks and one JSON value, `meta`, to an LMDB file that nobody reads yet. Nothing is synced: its owner does that. */
export class DataFileWriter {
  readonly #env: RootDatabase;
  readonly #databases: Map<string, Chunks>;
  #waiting: { name: string; number: number; value: Uint8Array }[] = [];

  constructor(private readonly path: string) {
    this.#env = open({ path, noSync: true, overlappingSync: false, maxReaders: MAX_READERS });
    this.#databases = openAll(this.#env);
  }

  chunk(name: StreamName, number: number, bytes: Uint8Array): void {
    this.#put(name, number, bytes);
    if (this.#waiting.length >= CHUNKS_PER_TRANSACTION) this.#flush();
  }

  async close(meta: unknown): Promise<void> {
    this.#put(META, 0, Buffer.from(JSON.stringify(meta)));
    this.#flush();
    await this.#env.close();
  }

  async abort(): Promise<void> {
    this.#waiting = [];
    await this.#env.close();
  }

  #put(name: string, number: number, bytes: Uint8Array): void {
    const value = Buffer.allocUnsafe(bytes.length + 4);
    value.set(bytes);
    value.writeUInt32LE(checksum(name, number, bytes), bytes.length);
    this.#waiting.push({ name, number, value });
  }

  #flush(): void {
    try {
      this.#env.transactionSync(() => {
        for (const { name, number, value } of this.#waiting) this.#databases.get(name)?.putSync(number, value);
      });
    } catch (error) {
      throw new OutputError('cannot write the index', { path: this.path, cause: error });
    }
    this.#waiting = [];
  }
}

/** Reads what DataFileWriter wrote, and refuses every value whose checksum is wrong. */
export class DataFileReader {
  readonly #env: RootDatabase;
  readonly #databases: Map<string, Chunks>;

  constructor(readonly path: string) {
    try {
      this.#env = open({ path, readOnly: true, maxReaders: MAX_READERS });
      this.#databases = openAll(this.#env);
    } catch (error) {
      throw damaged(this.#index, 'its data file cannot be opened', error);
    }
  }

  /** The chunk as a copy of the caller's own. */
  chunk(name: StreamName, number: number): Uint8Array {
    return this.#get(name, number);
  }

  meta(): unknown {
    return JSON.parse(Buffer.from(this.#get(META, 0)).toString());
  }

  async close(): Promise<void> {
    await this.#env.close();
  }

  get #index(): string {
    return dirname(this.path);
  }

  #get(name: string, number: number): Uint8Array {
    let value: Uint8Array | undefined;
    try {
      value = this.#databases.get(name)?.getBinaryFast(number);
    } catch (error) {
      throw damaged(this.#index, `chunk ${number} of its ${name} cannot be read`, error);
    }
    if (value === undefined || value.length < 4)
      throw damaged(this.#index, `chunk ${number} of its ${name} is missing`);
    const length = value.length - 4;
    const bytes = Uint8Array.prototype.slice.call(value, 0, length);
    const stored = Buffer.from(value.buffer, value.byteOffset + length, 4).readUInt32LE();
    if (stored !== checksum(name, number, bytes)) {
      throw damaged(this.#index, `chunk ${number} of its ${name} has a wrong checksum`);
    }
    return bytes;
  }
}

function openAll(env: RootDatabase): Map<string, Chunks> {
  return new Map(
    [META, ...streamNames].map((name) => [
      name,
      env.openDB<Uint8Array, number>({ name, keyEncoding: 'uint32', encoding: 'binary' }),
    ]),
  );
}

/** Covers the chunk's place too, so that no chunk can stand for another. */
function checksum(name: string, number: number, bytes: Uint8Array): number {
  return crc32(bytes, crc32(`${name}:${number}`));
}
