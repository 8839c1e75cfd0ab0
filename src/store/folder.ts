import { accessSync, closeSync, constants, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../errors.js';
import { damagedStore, storeError } from './storeErrors.js';

/** The file names of LMDB. */
export const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';

/** The file starts with two pages of metadata: a header of 24 bytes, this number, …, the size of a page. */
const MAGIC = 0xbeefc0de;
const MAGIC_OFFSET = 24;
const PAGE_SIZE_OFFSET = 48;
const META_BYTES = 52;

/**
 * Creates the folder of a store if it is missing and `create` is true. Refuses what LMDB could not open, as lmdb-js may
 * crash in an attempt that fails (seen in 3.5.6), and folders with other files in them.
 */
export function checkFolder(path: string, kind: string, create: boolean): void {
  try {
    if (create) mkdirSync(path, { recursive: true });
    const names = statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(path);
    if (!create && !names.includes(DATA_FILE)) {
      throw new StoreError(`no ${kind} at ${path}`, { hint: 'check the path' });
    }
    const stranger = names.find((name) => name !== DATA_FILE && name !== LOCK_FILE);
    if (stranger !== undefined) {
      throw new StoreError(`${path} is a folder with other files in it (${stranger})`, { hint: 'use another path' });
    }
    for (const name of ['.', ...names]) accessSync(join(path, name), constants.R_OK | constants.W_OK);
    if (names.includes(DATA_FILE)) checkMetaPages(path);
  } catch (error) {
    throw storeError(error, path);
  }
}

/** An empty file is one that another process has just created. */
function checkMetaPages(path: string): void {
  const file = openSync(join(path, DATA_FILE), 'r');
  try {
    const { size } = statSync(join(path, DATA_FILE));
    if (size === 0) return;
    const [first = 0, pageSize = 0] = metaAt(file, 0);
    const [second = 0] = metaAt(file, pageSize);
    if (first === MAGIC && second === MAGIC && size >= 2 * pageSize) return;
    throw damagedStore(path, 'its file does not start as an LMDB file does');
  } finally {
    closeSync(file);
  }
}

/** Reads the magic number and the page size, in the byte order of the machine. */
function metaAt(file: number, position: number): [magic: number | undefined, pageSize: number | undefined] {
  const bytes = new Uint8Array(META_BYTES);
  readSync(file, bytes, 0, META_BYTES, position);
  const words = new Uint32Array(bytes.buffer);
  return [words[MAGIC_OFFSET / 4], words[PAGE_SIZE_OFFSET / 4]];
}
