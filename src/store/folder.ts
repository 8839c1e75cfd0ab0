import { accessSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../errors.js';
import { nearestExisting } from './nearestExisting.js';
import { damagedStore, storeError } from './storeErrors.js';
import { verifyPages } from './verifyPages.js';

/** The file names of LMDB. */
export const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';

/** Throws the error that opening a store at a path would throw for the path, without creating anything. */
export function checkStorePath(path: string): void {
  try {
    const found = nearestExisting(path);
    if (!statSync(found).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    accessSync(found, constants.W_OK);
  } catch (error) {
    throw storeError(error, path);
  }
}

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
    const problem = names.includes(DATA_FILE) ? verifyPages(join(path, DATA_FILE)) : undefined;
    if (problem !== undefined) throw damagedStore(path, problem);
  } catch (error) {
    throw storeError(error, path);
  }
}
