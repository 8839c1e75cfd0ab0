import { join } from 'node:path';
import { UsageError } from '../errors.js';

/** A shard by its number, from 0, and the number of all shards. */
export interface ShardNumber {
  index: number;
  of: number;
}

const digits = (number: number): string => String(number).padStart(5, '0');

/** Returns the name of a shard's output: `part-00003-of-00016.jsonl`. Sorted by name, the shards of a folder are in their order. */
export function partName({ index, of }: ShardNumber): string {
  return `part-${digits(index)}-of-${digits(of)}.jsonl`;
}

export function partPath(folder: string, shard: ShardNumber): string {
  return join(folder, partName(shard));
}

/** Returns the shard that a file or folder in a folder of shards belongs to: its output, its rejects or its run. */
export function shardOfName(name: string): ShardNumber | undefined {
  const [, index, of] = /^part-(\d{5,})-of-(\d{5,})\./.exec(name) ?? [];
  return index === undefined ? undefined : { index: Number(index), of: Number(of) };
}

/** Reads `3/16`. Returns undefined for what is not a shard. */
export function parseShard(text: string): ShardNumber | undefined {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  return isShard(shard) ? shard : undefined;
}

export function isShard({ index, of }: ShardNumber): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(of) && index >= 0 && index < of && of <= 99_999;
}

/** A scheduler's variables: the number of this task, and of all tasks if it says so. */
interface SchedulerVariables {
  index: string;
  of?: string;
  /** The number of the first task. */
  first?: string;
}

const schedulers: Record<string, SchedulerVariables> = {
  Slurm: { index: 'SLURM_ARRAY_TASK_ID', of: 'SLURM_ARRAY_TASK_COUNT', first: 'SLURM_ARRAY_TASK_MIN' },
  Kubernetes: { index: 'JOB_COMPLETION_INDEX' },
  'AWS Batch': { index: 'AWS_BATCH_JOB_ARRAY_INDEX' },
};

/**
 * Returns the shard that a scheduler has given to this process, by its environment. Slurm says how many tasks there are; the
 * others do not, so `of` must. If `of` is another number than Slurm's, only some tasks were submitted: the number of a task is
 * then its shard, from 0, as that of the first shard cannot be known.
 *
 * @throws UsageError if no scheduler's variable is set, or the number of shards is not known
 */
export function shardOfEnvironment(
  env: Record<string, string | undefined>,
  of?: number,
  onNotice: (message: string) => void = () => {},
): ShardNumber {
  for (const [scheduler, names] of Object.entries(schedulers)) {
    const given = env[names.index];
    if (given === undefined || given === '') continue;
    const tasks = Number((names.of && env[names.of]) || Number.NaN);
    const count = of ?? tasks;
    if (Number.isNaN(count)) {
      throw new UsageError(`${names.index} is ${given}, but ${scheduler} does not say how many shards there are`, {
        hint: 'add --shards N',
      });
    }
    const isPart = !Number.isNaN(tasks) && count !== tasks;
    const partly = `${names.of} is ${tasks}, so the number of the task is its shard, from 0`;
    const first = isPart ? 0 : Number((names.first && env[names.first]) || 0);
    const shard = { index: Number(given) - first, of: count };
    if (isShard(shard)) {
      if (isPart) onNotice(partly);
      return shard;
    }
    const range = first === 0 ? '' : `, and its first task is ${first}`;
    throw new UsageError(
      `${names.index} is ${given}, which is not one of ${count} shards${isPart ? `: ${partly}` : range}`,
      {
        hint: isPart
          ? `number the tasks from 0 to ${count - 1}, or pass --shard k/${count}`
          : 'number the tasks without gaps, add --shards N if these are only some of them, or pass --shard k/N',
      },
    );
  }
  const looked = Object.values(schedulers).map(({ index }) => index);
  throw new UsageError(`--shard auto found no scheduler: none of ${looked.join(', ')} is set`, {
    hint: 'pass --shard k/N, from 0/N to N-1/N',
  });
}
