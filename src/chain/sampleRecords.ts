import type { Rejects } from '../flow/rejects.js';
import { takeUntil } from '../flow/takeUntil.js';
import type { ReadOptions } from '../io/read/options.js';
import { readRecords } from '../io/read/readRecords.js';
import type { DataRecord } from '../record.js';
import { seededRandom } from '../util/random.js';

export interface SampleOptions extends Pick<ReadOptions, 'inputFormat' | 'onBadLine' | 'maxLineBytes' | 'onNotice'> {
  /** Records for which it returns false are counted, but not sampled. Default: all are usable. */
  isUsable?: ((record: DataRecord) => boolean) | undefined;
  /** The size of the sample. Default 1,000. */
  size?: number | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Read at most this many records. Default: all. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Sample {
  /** In random order, so that any part of it is a sample too. */
  records: DataRecord[];
  usable: number;
  unusable: number;
  badLines: number;
}

/**
 * Reads an input to its end and keeps `size` of its usable records, each with the same probability (Vitter's algorithm R,
 * 1985). The first records would be a biased sample: corpora are often sorted by source, date or length. Reading the whole
 * input makes the count exact, also for compressed files and pipes.
 */
export async function sampleRecords(inputs: string | readonly string[], options: SampleOptions = {}): Promise<Sample> {
  const { isUsable = () => true, size = 1000, seed = 0, limit, signal } = options;
  const { inputFormat, onBadLine, maxLineBytes, onNotice } = options;
  const random = seededRandom('sample', seed);
  const sample: Sample = { records: [], usable: 0, unusable: 0, badLines: 0 };
  const { records } = sample;
  const rejects: Rejects = () => {
    sample.badLines += 1;
  };
  const read = readRecords(inputs, { inputFormat, onBadLine, maxLineBytes, onNotice, signal, rejects });
  for await (const record of takeUntil<DataRecord>({ limit })(read)) {
    if (!isUsable(record)) {
      sample.unusable += 1;
      continue;
    }
    sample.usable += 1;
    const index = Math.floor(random() * sample.usable);
    if (records.length < size) {
      // The record at a random index moves to the end, so the sample stays in random order.
      const moved = records[index];
      if (moved !== undefined) records[index] = record;
      records.push(moved ?? record);
    } else if (index < size) {
      records[index] = record;
    }
  }
  return sample;
}
