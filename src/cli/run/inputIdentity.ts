import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

const EDGE_BYTES = 64 * 1024;

/**
 * Returns what identifies an input, wherever it is: `1234 bytes, sha256 …`, the hash of its first and last 64 KiB. Stdin is `-`;
 * a pipe, which has no content to compare, or a missing file is its absolute path.
 */
export function inputIdentity(file: string): string {
  if (file === '-') return file;
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? identityOfFirst(file, found.size) : path.resolve(file);
}

/** Returns true if a stored identity, or the absolute path that rareflow 0.1 stored, is that of the input or of its start. */
export function isStartOf(stored: string, { file, name }: { file: string; name: string }): boolean {
  if (stored === path.resolve(name)) return true;
  const bytes = Number(/^(\d+) bytes, /.exec(stored)?.[1] ?? Number.NaN);
  const found = file === '-' ? undefined : statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size >= bytes && identityOfFirst(file, bytes) === stored;
}

function identityOfFirst(file: string, bytes: number): string {
  const edge = Buffer.alloc(Math.min(EDGE_BYTES, bytes));
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    for (const offset of [0, bytes - edge.length]) {
      hash.update(edge.subarray(0, readSync(descriptor, edge, 0, edge.length, offset)));
    }
  } finally {
    closeSync(descriptor);
  }
  return `${bytes} bytes, sha256 ${hash.digest('hex').slice(0, 16)}`;
}
