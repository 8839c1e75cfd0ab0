import { existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { OutputError } from '../errors.js';
import { isPackedName } from '../io/read/input.js';

/**
 * The least size of an index, in bytes for each byte of its corpus. Measured: 0.99 to 2.4 with the texts and 0.12 to 1.4 without them;
 * a part of that, because records may have long keys that the index does not hold.
 */
const LEAST_SHARE = { withTexts: 0.25, withoutTexts: 0.04 };
/** A gzipped text is about a third of its size. */
const GZIP_FACTOR = 3;

/**
 * Throws OutputError if the disk of `target` has no room for the index of some files. What cannot be known, such as the length
 * of a pipe, counts nothing: a disk that is full later ends the build with the same kind of error.
 */
export function checkIndexSpace(inputs: readonly string[], target: string, store: boolean): void {
  const bytes = inputs.reduce((sum, input) => sum + plainBytes(input), 0);
  const least = bytes * (store ? LEAST_SHARE.withTexts : LEAST_SHARE.withoutTexts);
  const folder = existingFolder(target);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= least) return;
  throw new OutputError(`the index needs at least ${megabytes(least)}, and ${megabytes(free)} are free there`, {
    path: target,
    hint: store
      ? 'use another disk (--index FOLDER), or leave the texts out (--no-store)'
      : 'use another disk (--index FOLDER)',
  });
}

function plainBytes(input: string): number {
  const found = input === '-' ? undefined : statSync(input, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return 0;
  return isPackedName(input) ? found.size * GZIP_FACTOR : found.size;
}

function existingFolder(target: string): string {
  let folder = path.resolve(target);
  while (!existsSync(folder)) folder = path.dirname(folder);
  return folder;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
}
