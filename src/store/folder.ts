import { accessSync, closeSync, constants, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../errors.js';
import { damaged, refusalOf } from './refusals.js';

/** The names that LMDB gives its files. */
export const DATA = 'data.mdb';
const LOCK = 'lock.mdb';

/** A page of meta data, of which the file begins with two: a header of 24 bytes, this number, …, the size of a page. */
const MAGIC = 0xbeefc0de;
const [MAGIC_AT, PAGE_SIZE_AT, META_BYTES] = [24, 48, 52];

/**
 * Makes the folder of a store where it is missing and `create` is true. Refuses what LMDB could not open, as lmdb-js may
 * crash in an attempt that fails (seen in 3.5.6), and folders that hold something else.
 */
export function checkFolder(path: string, kind: string, create: boolean): void {
  try {
    if (create) mkdirSync(path, { recursive: true });
    const names = statSync(path, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(path);
    if (!create && !names.includes(DATA)) {
      throw new StoreError(`there is no ${kind} at ${path}`, { hint: 'check the path' });
    }
    const stranger = names.find((name) => name !== DATA && name !== LOCK);
    if (stranger !== undefined) {
      throw new StoreError(`${path} is a folder with other files in it (${stranger})`, { hint: 'name another path' });
    }
    for (const name of ['.', ...names]) accessSync(join(path, name), constants.R_OK | constants.W_OK);
    if (names.includes(DATA)) checkMetaPages(path);
  } catch (error) {
    throw refusalOf(error, path);
  }
}

/** An empty file is one that another process is about to begin. */
function checkMetaPages(path: string): void {
  const file = openSync(join(path, DATA), 'r');
  try {
    const { size } = statSync(join(path, DATA));
    if (size === 0) return;
    const [first = 0, pageSize = 0] = metaAt(file, 0);
    const [second = 0] = metaAt(file, pageSize);
    if (first === MAGIC && second === MAGIC && size >= 2 * pageSize) return;
    throw damaged(path, 'its file does not begin as it should');
  } finally {
    closeSync(file);
  }
}

/** The number and the page size, in the byte order of the machine. */
function metaAt(file: number, position: number): [magic: number | undefined, pageSize: number | undefined] {
  const bytes = new Uint8Array(META_BYTES);
  readSync(file, bytes, 0, META_BYTES, position);
  const words = new Uint32Array(bytes.buffer);
  return [words[MAGIC_AT / 4], words[PAGE_SIZE_AT / 4]];
}
