import { freemem } from 'node:os';

/** The share of the free memory that the caches of an index take. */
const FREE_PART = 1 / 16;
const MIN_MB = 16;
const MAX_MB = 128;

/** Returns the MB that a thread keeps of what it read last, unless the caller says otherwise. */
export function defaultCacheMb(threads: number, freeBytes: number = freemem()): number {
  const share = (freeBytes * FREE_PART) / 2 ** 20 / Math.max(1, threads);
  return Math.round(Math.min(MAX_MB, Math.max(MIN_MB, share)));
}
