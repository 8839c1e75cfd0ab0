import { constants } from 'node:os';
import { OutputError, RareflowError, StoreError } from '../errors.js';

/** The reasons and hints of system errors, by their names. */
const storeReasons: Record<string, [reason: string, hint: string]> = {
  ENOSPC: ['the disk is full', 'free some space, or use a path on another disk'],
  EDQUOT: ['the disk quota is used up', 'free some space, or use a path on another disk'],
  EACCES: ['no permission to write it', 'check the permissions of the folder and of the files in it'],
  EPERM: ['no permission to write it', 'check the permissions of the folder and of the files in it'],
  EIO: ['the disk failed to read or write it', 'check the disk; a full disk can cause this too'],
  EROFS: ['the file system is read-only', 'use a path on another file system'],
  ELOOP: ['its symbolic links point to each other', 'use another path'],
  ENAMETOOLONG: ['the name is too long', 'use a shorter one'],
  ENOENT: ['cannot be created', 'check the path'],
  ENOTDIR: ['is a file or inside a file, but a store is a folder', 'use another path'],
  EEXIST: ['is a file or inside a file, but a store is a folder', 'use another path'],
};

/** Node reports system errors by name, LMDB by number. */
const errorNames = Object.fromEntries(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** Returns the error of a store at `path`, with a reason and a hint; a RareflowError is returned as it is. */
export function storeError(error: unknown, path: string): RareflowError {
  if (error instanceof RareflowError) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const known = storeReasons[typeof code === 'number' ? (errorNames[code] ?? '') : String(code)];
  if (known === undefined) return damagedStore(path, message ?? String(error), error);
  const [reason, hint] = known;
  return new OutputError(reason, { path, hint, cause: error });
}

/** A store whose files are not what was written to them. */
export class DamagedStoreError extends StoreError {}

export function damagedStore(path: string, reason: string, cause?: unknown): DamagedStoreError {
  return new DamagedStoreError(`${path} is damaged or not a store: ${reason}`, {
    hint: 'remove it, or use another path',
    cause,
  });
}
