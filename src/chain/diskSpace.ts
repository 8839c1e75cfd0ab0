import { statfsSync, statSync } from 'node:fs';
import { OutputError } from '../errors.js';
import { isPackedName } from '../io/read/input.js';
import type { DataRecord } from '../record.js';
import { nearestExisting } from '../store/nearestExisting.js';
import { formatCount } from '../util/formatNumbers.js';

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
  const { bavail, bsize } = statfsSync(nearestExisting(target));
  const free = bavail * bsize;
  if (free >= least) return;
  throw new OutputError(`the index needs at least ${megabytes(least)}, and ${megabytes(free)} are free there`, {
    path: target,
    hint: store
      ? 'use another disk (--index FOLDER), or leave the texts out (--no-store)'
      : 'use another disk (--index FOLDER)',
  });
}

/** The bytes that a run is expected to write. */
export interface DiskEstimate {
  output: number;
  /** 0 without a cache. */
  cache: number;
  /** The state of the run. */
  state: number;
  /** The index that is built first; 0 if there is one, or none is needed. */
  index: number;
}

/** Bytes of a token of an answer, of the provenance of a stage, and of an entry of the cache without its answer, as measured. */
const BYTES = { token: 4.5, provenance: 550, cacheEntry: 900, state: 2 ** 18 };
/** Answers in the cache are compressed to about this part. */
const CACHED_SHARE = 0.5;

export interface OutputEstimateOptions {
  /** Records of the input, of which `records` will be processed. */
  sample: readonly DataRecord[];
  records: number;
  /** Records of an earlier output; if there are any, they decide the length of a record. */
  earlier: readonly DataRecord[];
  /** The calls and the tokens of the answers, of all stages. */
  calls: number;
  answerTokens: number;
  stages: number;
  /** The negatives of a record, as texts; none if the records have them already. */
  negativeBytes: number;
  hasCache: boolean;
}

/** Estimates the bytes of the output, the cache and the state of a run. */
export function estimateDisk(options: OutputEstimateOptions): Omit<DiskEstimate, 'index'> {
  const { sample, records, earlier, calls, answerTokens, stages, negativeBytes, hasCache } = options;
  const added = answerTokens * BYTES.token + records * (stages * BYTES.provenance + negativeBytes);
  const output = earlier.length > 0 ? records * meanBytes(earlier) : records * meanBytes(sample) + added;
  const cache = hasCache ? calls * BYTES.cacheEntry + answerTokens * BYTES.token * CACHED_SHARE : 0;
  return { output: Math.round(output), cache: Math.round(cache), state: BYTES.state };
}

/** Returns the mean length of records as lines of JSON. */
function meanBytes(records: readonly DataRecord[]): number {
  const sum = records.reduce((bytes, record) => bytes + Buffer.byteLength(JSON.stringify(record)) + 1, 0);
  return sum / Math.max(1, records.length);
}

function plainBytes(input: string): number {
  const found = input === '-' ? undefined : statSync(input, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return 0;
  return isPackedName(input) ? found.size * GZIP_FACTOR : found.size;
}

function megabytes(bytes: number): string {
  return `${formatCount(Math.ceil(bytes / 2 ** 20))} MiB`;
}
