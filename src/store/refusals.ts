import { constants } from 'node:os';
import { OutputError, RareflowError, StoreError } from '../errors.js';

/** System errors by name, as Node gives them, and by number, as LMDB does. */
const unwritable: Record<string, [what: string, hint: string]> = {
  ENOSPC: ['the disk is full', 'Free some space, or name a path on another disk.'],
  EDQUOT: ['the disk quota is used up', 'Free some space, or name a path on another disk.'],
  EACCES: ['no permission to write it', 'Check the permissions of the folder and of the files in it.'],
  EPERM: ['no permission to write it', 'Check the permissions of the folder and of the files in it.'],
  EIO: ['the disk refused to read or write it', 'Check the disk; a full one does that too.'],
  EROFS: ['the file system is read-only', 'Name a path on another one.'],
  ENOENT: ['it cannot be made', 'Check the path.'],
  ENOTDIR: ['it is a file, or below one, and a store is a folder', 'Name another path.'],
  EEXIST: ['it is a file, or below one, and a store is a folder', 'Name another path.'],
};
const names = Object.fromEntries(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** What a store failed with, in words and with a hint; an error of ours is passed as it is. */
export function refusalOf(error: unknown, path: string): RareflowError {
  if (error instanceof RareflowError) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const known = unwritable[typeof code === 'number' ? (names[code] ?? '') : String(code)];
  if (known === undefined) return damaged(path, message ?? String(error), error);
  const [what, hint] = known;
  return new OutputError(what, { path, hint, cause: error });
}

export function damaged(path: string, what: string, cause?: unknown): StoreError {
  return new StoreError(`${path} is damaged or no store: ${what}`, { hint: 'remove it, or name another path', cause });
}
