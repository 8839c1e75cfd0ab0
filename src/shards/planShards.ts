import { stat } from 'node:fs/promises';
import { InputError, UsageError } from '../errors.js';
import { sliceUnitOf } from '../io/read/detectFormat.js';
import { openInput } from '../io/read/input.js';
import { inputFiles } from '../io/read/inputFiles.js';
import { type ReadOptions, readOptions } from '../io/read/options.js';
import { parquetRanges } from '../io/read/parquet.js';
import { readRecords } from '../io/read/readRecords.js';
import type { RecordStream } from '../io/read/recordStream.js';
import type { Slice } from '../io/read/slice.js';
import { inputError } from '../io/systemErrors.js';
import { requireWholeNumber } from '../util/check.js';
import { type OptionsOf, pick, type Resolved, resolveOptions } from '../util/options.js';

/** A file that a shard reads: all of it, or a slice. */
export interface ShardPart {
  path: string;
  slice?: Slice | undefined;
}

/** One part of an input: what a process reads that works on shard `index` of `of`. */
export interface Shard {
  /** From 0 to `of` - 1. */
  index: number;
  of: number;
  parts: ShardPart[];
  /** The files that this shard reads from their start although only a part is its own, as they cannot be entered midway. */
  readThrough: string[];
}

const planOptions = pick(readOptions, 'inputFormat', 'maxLineBytes', 'onNotice');

/** `inputFormat` and `maxLineBytes` as for the reader: they decide what is one record. */
export type PlanShardsOptions = OptionsOf<typeof planOptions>;

/**
 * Splits an input into `n` shards. The split is a function of the content, the order and `inputFormat` alone, so that every process
 * finds the same one: each record and each bad line is in exactly one shard, and the shards one after another are the input in
 * its order. A shard may be empty.
 *
 * Shards have about the same number of bytes on disk. Plain JSON Lines are cut at the next start of a line, parquet between row
 * groups (or pages, if they are indexed). What cannot be entered midway is cut only if it is larger than a shard: packed JSON Lines by
 * offsets in their text, JSON arrays and tables by record number. Each shard of such a file reads it from its start
 * (`readThrough`), after a pass over it that measures it.
 *
 * @throws InputError if an input cannot be read or has no known form; UsageError for standard input or a pipe, and for an `n` or an option that is not valid
 */
export async function planShards(
  inputs: string | readonly string[],
  n: number,
  options: PlanShardsOptions = {},
): Promise<Shard[]> {
  requireWholeNumber('n', n);
  const plan = await openPlan(inputs, n, options);
  const shards: Shard[] = [];
  for (let index = 0; index < n; index++) shards.push(await plan.shard(index));
  return shards;
}

/** Returns one shard of `planShards(inputs, of)`; measures only the files of this shard. */
export async function planShard(
  inputs: string | readonly string[],
  { index, of }: { index: number; of: number },
  options: PlanShardsOptions = {},
): Promise<Shard> {
  requireWholeNumber('of', of);
  requireWholeNumber('index', index, 0);
  if (index >= of) throw new UsageError(`index must be < of, got ${index} of ${of}`);
  return (await openPlan(inputs, of, options)).shard(index);
}

/** Reads the records of a shard: the options are those of `readRecords`. */
export function readShard({ parts }: Pick<Shard, 'parts'>, options: ReadOptions = {}): RecordStream {
  const slices = parts.map(({ slice }) => slice);
  const paths = parts.map(({ path }) => path);
  return readRecords(paths, { ...options, slices });
}

/** A file on the axis of all bytes. */
interface Placed {
  path: string;
  /** The bytes before it, and its own. */
  before: number;
  bytes: number;
}

/** The scale on which a file is cut. */
interface MeasuredFile {
  unit: Slice['unit'];
  /** Returns the start of the slice that begins at a share of the file, from 0 to 1. */
  at: (share: number) => number;
  /** The end of the file; undefined if the reader finds it. */
  end: number | undefined;
}

async function openPlan(inputs: string | readonly string[], n: number, given: PlanShardsOptions) {
  const options = resolveOptions('planShards', planOptions, given);
  const files = await placed(await inputFiles([inputs].flat(), { onNotice: options.onNotice }));
  const last = files.at(-1);
  const total = last === undefined ? 0 : last.before + last.bytes;
  const edge = (index: number) => (index === n ? total : Math.floor((total / n) * index));
  const units = remembered((path) => sliceUnitOf(path, options.inputFormat));
  const measures = remembered(async (path) => measured(path, await units(path), options));

  /** Returns the shard of a file that is not cut. */
  const shardOf = ({ before, bytes }: Placed): number => {
    const middle = before + bytes / 2;
    let index = total === 0 ? 0 : Math.min(n - 1, Math.floor((middle / total) * n));
    while (index > 0 && edge(index) > middle) index -= 1;
    while (index < n - 1 && edge(index + 1) <= middle) index += 1;
    return index;
  };

  return {
    async shard(index: number): Promise<Shard> {
      const [from, to] = [edge(index), edge(index + 1)];
      const parts: ShardPart[] = [];
      const readThrough: string[] = [];
      for (const file of files) {
        const { path, before, bytes } = file;
        const isWithin = before >= from && before + bytes <= to;
        const isBeside = before + bytes < from || before > to;
        if (isBeside) continue;
        if (bytes === 0 || isWithin || n === 1) {
          if (shardOf(file) === index) parts.push({ path });
          continue;
        }
        if (before + bytes === from || before === to) continue;
        const unit = await units(path);
        const isEntered = unit === 'bytes' || unit === 'rows';
        if (!isEntered && bytes <= total / n) {
          if (shardOf(file) === index) parts.push({ path });
          continue;
        }
        const { at, end } = await measures(path);
        const isFirst = from <= before;
        const isLast = to >= before + bytes;
        const slice = {
          unit,
          start: isFirst ? 0 : at((from - before) / bytes),
          end: isLast ? end : at((to - before) / bytes),
          bytes: Math.min(to, before + bytes) - Math.max(from, before),
        };
        if (slice.end !== undefined && slice.start >= slice.end) continue;
        parts.push({ path, slice });
        if (!isEntered) readThrough.push(path);
      }
      return { index, of: n, parts, readThrough };
    },
  };
}

async function placed(paths: readonly string[]): Promise<Placed[]> {
  const files: Placed[] = [];
  let before = 0;
  for (const path of paths) {
    const bytes = await fileBytes(path);
    files.push({ path, before, bytes });
    before += bytes;
  }
  return files;
}

async function fileBytes(path: string): Promise<number> {
  const found = path === '-' ? undefined : await stat(path).catch((error: unknown) => error as Error);
  if (found instanceof Error) throw inputError(found, path);
  if (found?.isFile()) return found.size;
  throw new UsageError(`${path === '-' ? 'stdin' : path} can be read once, so it cannot be split into shards`, {
    hint: 'write it to a file first',
  });
}

/** Measures a file that is cut. What is damaged is measured up to the damage, which its last slice meets. */
async function measured(
  path: string,
  unit: Slice['unit'],
  options: Pick<Resolved<typeof planOptions>, 'inputFormat' | 'maxLineBytes'>,
): Promise<MeasuredFile> {
  if (unit === 'bytes') {
    const bytes = await fileBytes(path);
    return { unit, at: (share) => Math.round(share * bytes), end: bytes };
  }
  if (unit === 'rows') {
    const ranges = await parquetRanges(path);
    const bytes = ranges.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
    const rows = ranges.at(-1)?.end ?? 0;
    const starts: { start: number; share: number }[] = [];
    let before = 0;
    for (const { start, rawBytes } of ranges) {
      starts.push({ start, share: before / bytes });
      before += rawBytes;
    }
    return { unit, at: (share) => starts.find((one) => one.share >= share)?.start ?? rows, end: rows };
  }
  const count = unit === 'text' ? await textBytes(path) : await itemsIn(path, options);
  return { unit, at: (share) => Math.round(share * count), end: undefined };
}

async function textBytes(path: string): Promise<number> {
  const { chunks, close } = openInput(path, { isFile: true });
  let count = 0;
  try {
    for await (const { bytes } of chunks) count += bytes.length;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  } finally {
    await close();
  }
  return count;
}

async function itemsIn(
  path: string,
  { inputFormat, maxLineBytes }: Pick<Resolved<typeof planOptions>, 'inputFormat' | 'maxLineBytes'>,
): Promise<number> {
  let count = 0;
  const rejects = () => {
    count += 1;
  };
  try {
    for await (const _ of readRecords(path, { inputFormat, maxLineBytes, rejects, onNotice: () => {} })) count += 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  return count;
}

function remembered<T>(of: (path: string) => Promise<T>): (path: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (path) => {
    const found = known.get(path) ?? of(path);
    known.set(path, found);
    return found;
  };
}
