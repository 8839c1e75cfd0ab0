import type { Rejects } from '../flow/rejects.js';
import { gate } from '../flow/takeUntil.js';
import { readRecords } from '../io/read/readRecords.js';
import type { DataRecord } from '../record.js';
import { seededRandom } from '../util/random.js';

export interface SampleOptions {
  /** Records of which this is not true are counted, and not in the sample. */
  isUsable: (record: DataRecord) => boolean;
  size?: number;
  seed?: number;
  onBadLine?: 'reject' | 'stop' | undefined;
  maxLineBytes?: number | undefined;
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Sample {
  /** In random order, so that any stretch of it is a sample too. */
  records: DataRecord[];
  usable: number;
  unusable: number;
  badLines: number;
}

/**
 * Reads an input to its end and keeps `size` (1,000) of its usable records, each with the same chance (Vitter's algorithm
 * R, 1985). The first ones would not do: corpora are often sorted, by source, by date, by length. Reading all of it makes
 * the count exact, for compressed files and pipes too.
 */
export async function sampleRecords(paths: string[], options: SampleOptions): Promise<Sample> {
  const { isUsable, size = 1000, seed = 0, limit, ...read } = options;
  const random = seededRandom('sample', seed);
  const sample: Sample = { records: [], usable: 0, unusable: 0, badLines: 0 };
  const { records } = sample;
  const rejects: Rejects = () => {
    sample.badLines += 1;
  };
  for await (const record of gate<DataRecord>({ limit })(readRecords(paths, { ...read, rejects }))) {
    if (!isUsable(record)) {
      sample.unusable += 1;
      continue;
    }
    sample.usable += 1;
    const place = Math.floor(random() * sample.usable);
    if (records.length < size) {
      // A place among those so far, whose record moves to the end: what is kept stays in random order.
      const moved = records[place];
      if (moved !== undefined) records[place] = record;
      records.push(moved ?? record);
    } else if (place < size) {
      records[place] = record;
    }
  }
  return sample;
}
