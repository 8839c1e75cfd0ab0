import type { InputFormat, ReadOptions } from '../../../io/read/options.js';
import type { RecordStream } from '../../../io/read/recordStream.js';
import type { ShardNumber } from '../../../shards/shardName.js';
import { say, sayNotice } from '../../progress/terminal.js';
import { isDevice } from '../../runFolderPath.js';

/** The version of the split: shards of different splits are not parts of one input. */
const SPLIT = 1;

interface ReadFlags {
  inputFormat?: InputFormat | undefined;
  maxLineBytes?: number | undefined;
}

/** The part of an input that a shard reads. */
export interface ShardInput extends Disposable {
  /** The files, and their names for the user: what can be read once was copied. */
  paths: string[];
  names: ReadonlyMap<string, string>;
  /** The number of the shard, and what decides the split. */
  settings: object;
  read: (options: ReadOptions) => RecordStream;
}

interface ShardInputOptions {
  flags: ReadFlags;
  inputNames?: ReadonlyMap<string, string> | undefined;
  /** Takes the copies. */
  copies: { spool: (input: string, why: string) => Promise<string>; close: () => void };
}

/** Finds the part of an input that a shard reads, and says what it reads in vain. Copies what can be read once, as it is measured first. */
export async function openShardInput(
  given: readonly string[],
  shard: ShardNumber,
  { flags, inputNames, copies }: ShardInputOptions,
): Promise<ShardInput> {
  try {
    const { paths, names } = await copiedInputs(given, inputNames, copies.spool);
    const settings = { ...shard, split: SPLIT, inputFormat: flags.inputFormat ?? 'auto' };
    return { paths, names, settings, read: await partOf(paths, shard, flags), [Symbol.dispose]: () => copies.close() };
  } catch (error) {
    copies.close();
    throw error;
  }
}

async function partOf(
  paths: readonly string[],
  shard: ShardNumber,
  { inputFormat, maxLineBytes }: ReadFlags,
): Promise<(options: ReadOptions) => RecordStream> {
  const { planShard, readShard } = await import('../../../shards/planShards.js');
  const part = await planShard(paths, shard, { inputFormat, maxLineBytes, onNotice: sayNotice });
  const [first, ...others] = part.readThrough;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    say(
      `rareflow: this shard reads all of ${first}${more} for its part, as the file cannot be entered midway; plain JSONL, parquet or more and smaller files split better`,
    );
  }
  return (options) => readShard(part, options);
}

/** Copies what can be read once, as a shard measures it first. Returns the paths, and their names for the user. */
async function copiedInputs(
  paths: readonly string[],
  names: ReadonlyMap<string, string> | undefined,
  copy: (input: string, why: string) => Promise<string>,
): Promise<{ paths: string[]; names: ReadonlyMap<string, string> }> {
  const copied: string[] = [];
  const known = new Map(names);
  for (const path of paths) {
    const isOnce = path === '-' || isDevice(path);
    const file = isOnce ? await copy(path, 'to find the part of this shard; every shard reads all of it') : path;
    if (isOnce) known.set(file, path === '-' ? 'stdin' : path);
    copied.push(file);
  }
  return { paths: copied, names: known };
}
