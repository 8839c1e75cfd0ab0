import { existsSync, readFileSync, statSync } from 'node:fs';
import { RareflowError, UsageError } from '../errors.js';
import { filesBeside } from '../io/write/filesBeside.js';
import { OrdinalSet } from '../pipeline/state/ordinalSet.js';
import type { RunState } from '../pipeline/state/runState.js';
import { seeRun } from '../pipeline/state/runStore.js';
import { readRunSummary } from '../report/runSummary.js';
import { shardsIn, sharedSettings } from './shardFolder.js';
import { partPath, type ShardNumber } from './shardName.js';

/** The state and the counts of one shard. */
export interface ShardStatus extends ShardNumber {
  state: 'done' | 'running' | 'stopped' | 'missing' | 'damaged';
  /** Its output. */
  path: string;
  /** Records and bad lines that are finished, and what became of them. */
  in: number;
  out: number;
  rejected: number;
  /** Finished records per second, over all its sessions. */
  perSecond: number;
  /** The process that runs it. */
  host?: string | undefined;
  pid?: number | undefined;
  /** The reason that it stopped, or the damage. */
  reason?: string | undefined;
}

/** A shard with the state of its run. */
export interface SeenShard extends ShardStatus {
  run: RunState | undefined;
}

/**
 * Returns where each shard of a folder is, in their order; a shard that has left nothing is `missing`.
 *
 * @throws UsageError if the folder holds no shards, or those of several splits
 */
export async function shardStatus(folder: string): Promise<ShardStatus[]> {
  const shards = await seeShards(folder);
  return shards.map(({ run: _, ...status }) => status);
}

/** Does the same with the states of their runs. */
export async function seeShards(folder: string): Promise<SeenShard[]> {
  const of = shardCount(folder);
  const shards: SeenShard[] = [];
  for (let index = 0; index < of; index++) shards.push(await seeShard(folder, { index, of }));
  return shards;
}

/** Returns true for a folder that shards were written to. */
export function isShardFolder(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
  return sharedSettings(path) !== undefined || shardsIn(path).length > 0;
}

function shardCount(folder: string): number {
  if (!isShardFolder(folder)) {
    throw new UsageError(`${folder} holds no shards`, { hint: 'name the folder that --shard k/N -o FOLDER wrote to' });
  }
  const counts = new Set(shardsIn(folder).map(({ of }) => of));
  const known = sharedSettings(folder)?.of;
  if (known !== undefined) counts.add(known);
  const [of = 0, ...others] = counts;
  if (others.length === 0) return of;
  throw new UsageError(`${folder} holds shards of several splits: of ${[...counts].join(' and of ')}`, {
    hint: 'keep the parts of one split in the folder',
  });
}

async function seeShard(folder: string, shard: ShardNumber): Promise<SeenShard> {
  const path = partPath(folder, shard);
  const nothing = { ...shard, path, in: 0, out: 0, rejected: 0, perSecond: 0, run: undefined };
  try {
    const seen = await seeRun(filesBeside(path).folder);
    const { state: run, owner } = seen ?? {};
    const counts = run === undefined ? {} : countsOf(run);
    const isDone = run?.phase === 'done' && statSync(path, { throwIfNoEntry: false })?.size === run.outputBytes;
    if (isDone) return { ...nothing, ...counts, run, state: 'done' };
    if (owner !== undefined) return { ...nothing, ...counts, run, state: 'running', host: owner.host, pid: owner.pid };
    if (run === undefined) return { ...nothing, state: 'missing' };
    if (run.phase === 'done') {
      const reason = existsSync(path) ? 'its output has changed since it was finished' : 'its output is gone';
      return { ...nothing, ...counts, run, state: 'damaged', reason };
    }
    return { ...nothing, ...counts, run, state: 'stopped', reason: reasonOf(path) };
  } catch (error) {
    if (!(error instanceof RareflowError)) throw error;
    return { ...nothing, state: 'damaged', reason: error.message };
  }
}

function countsOf({ finished, counts, seconds }: RunState) {
  const items = new OrdinalSet(finished).size;
  const { out, unread, unwritable, stages } = counts;
  const rejected = stages.reduce((sum, stage) => sum + stage.rejected, unread + unwritable);
  return { in: items, out, rejected, perSecond: seconds > 0 ? items / seconds : 0 };
}

function reasonOf(output: string): string | undefined {
  try {
    const summary = readRunSummary(JSON.parse(readFileSync(filesBeside(output).summary, 'utf8')));
    return summary?.state === 'stopped' ? summary.reason : undefined;
  } catch {
    return undefined;
  }
}
