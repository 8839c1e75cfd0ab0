import { statfsSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreError } from '../errors.js';
import { checkFolder, DATA_FILE } from './folder.js';
import { decodeValue, encodeValue } from './storedValue.js';
import { storeError } from './storeErrors.js';

export type StoreKey = string | number;

export interface StoreOptions {
  /** A folder, created if it is missing unless `create` is false; any number of processes may have it open. */
  path: string;
  /** The kind of its content (`answer cache`): a store of another kind or version is refused. */
  kind: string;
  version: number;
  create?: boolean | undefined;
  /** Writes are refused if the disk has fewer free bytes than this (32 MiB): LMDB itself may crash on a full disk. */
  minFreeBytes?: number | undefined;
}

/** A table of a store. Its keys are in order: numbers by size, then strings by their bytes. */
export interface Table<K extends StoreKey, V> {
  readonly count: number;
  get(key: K): V | undefined;
  put(key: K, value: V): void;
  /** Does the same as `put` without blocking the event loop: resolves when the value is on disk. */
  putAsync(key: K, value: V): Promise<void>;
  /** Returns true if there was such a key. */
  remove(key: K): boolean;
  clear(): void;
  /**
   * Returns up to `limit` entries after a key, or the first ones. To read on, pass the last key: no long-lived reader then
   * keeps LMDB from reusing space.
   */
  entries(options: { after?: K | undefined; limit: number }): [K, V][];
}

const MAX_READERS = 2048;

/**
 * A durable key-value store on LMDB, shared by processes. The writes of a transaction are on disk when it returns; a process
 * that is killed loses what it had not committed and damages nothing. Not for network file systems.
 */
export class Store {
  readonly #path: string;
  readonly #minFreeBytes: number;
  readonly #env: RootDatabase;
  #writing = false;

  /**
   * Throws StoreError if the path is not a store, or is one of another kind or version, or a damaged one; OutputError if it
   * cannot be written: no permission, a full disk.
   */
  constructor({ path, kind, version, create = true, minFreeBytes = 32 * 2 ** 20 }: StoreOptions) {
    this.#path = path;
    this.#minFreeBytes = minFreeBytes;
    checkFolder(path, kind, create);
    this.#env = this.#guarded(() => open({ path, noSubdir: false, overlappingSync: false, maxReaders: MAX_READERS }));
    try {
      this.#guarded(() => this.#env.transactionSync(() => this.#restoreLength()));
      this.#checkKind(kind, version);
    } catch (error) {
      void this.#env.close();
      throw error;
    }
  }

  /** The path of its data. */
  get file(): string {
    return join(this.#path, DATA_FILE);
  }

  /** Its size on disk. */
  get bytes(): number {
    return statSync(this.file).size;
  }

  /** Makes what its owner needs at the start, such as its tables; if that throws, the store is closed. */
  prepared<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Opens or creates a table of values that JSON can hold, or of byte arrays. */
  table<K extends StoreKey, V>(name: string): Table<K, V>;
  table<K extends StoreKey>(name: string, encoding: 'binary'): Table<K, Uint8Array>;
  table<K extends StoreKey, V>(name: string, encoding: 'json' | 'binary' = 'json'): Table<K, V> {
    const database: Database<Uint8Array, K> = this.#guarded(() => this.#env.openDB({ name, encoding: 'binary' }));
    const isJson = encoding === 'json';
    const encoded = (key: K, value: V) => (isJson ? encodeValue(key, value) : (value as Uint8Array));
    const decoded = (key: K, bytes: Uint8Array) => (isJson ? decodeValue(key, bytes) : bytes) as V;
    return {
      get: (key) =>
        this.#guarded(() => {
          const bytes = database.get(key);
          return bytes === undefined ? undefined : decoded(key, bytes);
        }),
      put: (key, value) => this.#write(() => void database.putSync(key, encoded(key, value))),
      putAsync: async (key, value) => {
        this.#requireRoom();
        try {
          await database.put(key, encoded(key, value));
        } catch (error) {
          throw storeError(error, this.#path);
        }
      },
      remove: (key) => this.#write(() => database.removeSync(key)),
      clear: () => this.#write(() => database.clearSync()),
      entries: ({ after, limit }) =>
        this.#guarded(() => {
          const from = after === undefined ? {} : { start: after, exclusiveStart: true };
          return [...database.getRange({ ...from, limit })].map(({ key, value }) => [key, decoded(key, value)]);
        }),
      get count() {
        return (database.getStats() as { entryCount: number }).entryCount;
      },
    };
  }

  /**
   * Runs synchronous reads and writes as one: all of them are kept or, if `action` throws, none. Waits while another process
   * writes.
   */
  transaction<T>(action: () => T): T {
    if (this.#writing) return action();
    this.#requireRoom();
    this.#writing = true;
    let failure: { error: unknown } | undefined;
    try {
      return this.#env.transactionSync(() => {
        try {
          return action();
        } catch (error) {
          failure = { error };
          throw error;
        }
      });
    } catch (error) {
      throw failure === undefined ? storeError(error, this.#path) : failure.error;
    } finally {
      this.#writing = false;
    }
  }

  async close(): Promise<void> {
    await this.#env.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #write<T>(action: () => T): T {
    return this.transaction(() => this.#guarded(action));
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }

  #requireRoom(): void {
    const { bavail, bsize } = this.#guarded(() => statfsSync(this.#path));
    if (bavail * bsize < this.#minFreeBytes) throw storeError({ code: 'ENOSPC' }, this.#path);
  }

  /** A memory map beyond the end of its file kills the process. The missing part becomes zeros, which LMDB refuses. */
  #restoreLength(): void {
    const { root, lastPageNumber } = this.#env.getStats() as { root: { pageSize: number }; lastPageNumber: number };
    const bytes = (lastPageNumber + 1) * root.pageSize;
    if (this.bytes < bytes) truncateSync(this.file, bytes);
  }

  #checkKind(kind: string, version: number): void {
    const about = this.table<string, { kind: string; version: number }>('about');
    const found =
      about.get('kind') ??
      this.transaction(() => {
        if (about.get('kind') === undefined) about.put('kind', { kind, version });
        return about.get('kind');
      });
    if (found?.kind === kind && found.version === version) return;
    throw new StoreError(
      `${this.#path} holds ${found?.kind} version ${found?.version}, not ${kind} version ${version}`,
      { hint: 'use another path' },
    );
  }
}
