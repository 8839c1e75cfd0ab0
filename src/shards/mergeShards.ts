import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeRunSummary } from '../chain/writeRunSummary.js';
import { InputError, OutputError, RareflowError, UsageError } from '../errors.js';
import { fileLines } from '../io/read/fileLines.js';
import { AtomicFile } from '../io/write/atomicFile.js';
import { isMadeFrom, makeForm } from '../io/write/durableRecords.js';
import { fileCrc } from '../io/write/fileCrc.js';
import { filesBeside } from '../io/write/filesBeside.js';
import { isPlainJsonl, recordFormOf } from '../io/write/recordForm.js';
import { addTotals, type UsageTotals } from '../llm/middleware/usage.js';
import { progressOf, type RunProgress } from '../pipeline/progress.js';
import { differences } from '../pipeline/resumeRun.js';
import { lockFile } from '../pipeline/state/fileLock.js';
import type { RunState } from '../pipeline/state/runState.js';
import { type RunSummary, runSummary } from '../report/runSummary.js';
import { withoutShard } from './shardFolder.js';
import { type SeenShard, seeShards } from './shardStatus.js';

/** A shard that is finished. */
type DoneShard = SeenShard & { run: RunState };

export interface MergeOptions {
  /** Ends the merge; the next one continues it. */
  signal?: AbortSignal | undefined;
}

const COPY_BYTES = 1024 * 1024;

/**
 * Puts the shards of a folder together: `output` is their records in the order of the input, as one process would have written them,
 * in the form that its name asks for; `output`'s rejects are their rejects, and its `summary.json` the sum of their counts, tokens
 * and cost. A merge that was killed is continued by the next one, in other forms than plain JSON Lines from the start; the shards
 * stay as they are.
 *
 * @throws UsageError for the name of a form that is not written, and while a shard is missing, unfinished, damaged or of other settings, naming which; InputError if no shard has a
 *   record; OutputError if the output exists or cannot be written, or a part has changed
 */
export async function mergeShards(
  folder: string,
  output: string,
  options: MergeOptions = {},
): Promise<RunSummary & { shards: number }> {
  const isPlain = isPlainJsonl(recordFormOf(output));
  const shards = await finishedShards(folder);
  const summary = summaryOf(shards, output);
  const files = filesBeside(output);
  mkdirSync(files.folder, { recursive: true });
  const parts = shards.map(({ run }) => [run.outputBytes, run.outputCrc]);
  const marker = join(files.folder, 'merge.json');
  const mark = JSON.stringify({ folder: resolve(folder), parts });
  const isContinued = existsSync(marker) && readFileSync(marker, 'utf8') === mark;
  const bytes = shards.reduce((sum, { run }) => sum + run.outputBytes, 0);
  if (existsSync(output)) {
    if (isContinued && (isPlain ? statSync(output).size === bytes : isMadeFrom(output, bytes))) return summary;
    throw new OutputError('exists, and is not what these shards hold', {
      path: output,
      hint: 'name another output, or move it away',
    });
  }
  const stranger = [`${output}.partial`, files.rejects].find((path) => existsSync(path));
  if (!isContinued && stranger !== undefined) {
    throw new OutputError('exists, and is not of this merge', {
      path: stranger,
      hint: 'move it away, or name another output',
    });
  }
  writeFileSync(marker, mark);
  const lock = lockFile(marker);
  if (lock === 'held') throw new RareflowError(`${output}: another process is merging these shards`);
  try {
    await mergeRejects(shards, files.rejects, options);
    if (isPlain) await mergeRecords(shards, output, options);
    else await mergeForm(shards, output, options);
    await writeRunSummary(summary);
  } finally {
    lock?.release();
  }
  return summary;
}

/** Returns the shards of a folder if all are finished and of one run. Throws UsageError that names the others. */
export async function finishedShards(folder: string): Promise<DoneShard[]> {
  const shards = await seeShards(folder);
  const open = shards.filter(({ state }) => state !== 'done');
  if (open.length > 0) {
    const named = open.slice(0, 8).map(({ index, state, host, pid, reason }) => {
      const who = state === 'running' ? ` as process ${pid} on ${host}` : '';
      return `${index} is ${state}${who}${reason === undefined ? '' : ` (${reason})`}`;
    });
    const more = open.length > named.length ? `, and ${open.length - named.length} more` : '';
    const count = `${open.length} of ${shards.length} shards are not done`;
    throw new UsageError(`${folder}: ${count}: ${named.join(', ')}${more}`, {
      hint: `start them again: --shard ${open[0]?.index}/${shards.length}`,
    });
  }
  const done = shards as DoneShard[];
  const [first] = done;
  const shared = withoutShard(first?.run.settings ?? {});
  const others = done.filter(({ run }) => differences(shared, withoutShard(run.settings)).length > 0);
  if (others.length > 0) {
    const named = others.slice(0, 3).map(({ index, run }) => {
      return `${index} (${differences(shared, withoutShard(run.settings)).join(', ')})`;
    });
    const names = named.join(', ') + (others.length > named.length ? `, and ${others.length - named.length} more` : '');
    throw new UsageError(`${folder}: these shards have other settings than shard 0: ${names}`, {
      hint: 'run them again with the same settings (--resume never)',
    });
  }
  return done;
}

/** Returns the summary of all shards together. Throws if their counts do not add up. */
export function summaryOf(shards: readonly DoneShard[], output: string): RunSummary & { shards: number } {
  const counts = shards.map(({ run }) => progressOf(run)).reduce(addProgress);
  const { in: read, extra, out, rejected } = counts;
  if (read + extra !== out + rejected) {
    throw new RareflowError(`${read} records in and ${extra} further ones, but ${out} out and ${rejected} rejected`, {
      hint: 'this is a defect of rareflow: please report it',
    });
  }
  if (out === 0) {
    const hint = rejected === 0 ? 'check the input' : 'the rejects of the shards hold the reasons';
    throw new InputError(`none of the ${shards.length} shards has a record (${rejected} rejects)`, { hint });
  }
  const [first] = shards as [DoneShard];
  const rejects = rejected === 0 ? undefined : filesBeside(output).rejects;
  const facts = {
    ...{ state: 'done' as const, output, rejects, usage: usageOfShards(shards) },
    settings: withoutShard(first.run.settings),
    sessions: shards.reduce((sum, { run }) => sum + run.sessions, 0),
    startedAt: shards.map(({ run }) => run.startedAt).sort()[0],
  };
  return { ...runSummary(counts, facts), shards: shards.length };
}

function addProgress(one: RunProgress, other: RunProgress): RunProgress {
  const stages = one.stages.map((stage, index) => {
    const { taken = 0, given = 0, rejected = 0, extra = 0, workSeconds = 0 } = other.stages[index] ?? {};
    return {
      ...stage,
      taken: stage.taken + taken,
      given: stage.given + given,
      rejected: stage.rejected + rejected,
      extra: stage.extra + extra,
      workSeconds: stage.workSeconds + workSeconds,
    };
  });
  return {
    ...one,
    stages,
    in: one.in + other.in,
    out: one.out + other.out,
    rejected: one.rejected + other.rejected,
    extra: one.extra + other.extra,
    pending: one.pending + other.pending,
    seconds: one.seconds + other.seconds,
  };
}

type ShardUsage = { total: UsageTotals; byStage: Record<string, UsageTotals> };

function usageOfShards(shards: readonly DoneShard[]): ShardUsage | undefined {
  const known = shards
    .map(({ run }) => run.figures as ShardUsage | undefined)
    .filter((usage) => usage?.total !== undefined);
  return (known as ShardUsage[]).reduce<ShardUsage | undefined>((sum, usage) => {
    if (sum === undefined) return usage;
    const byStage = { ...sum.byStage };
    for (const [stage, totals] of Object.entries(usage.byStage)) {
      const before = byStage[stage];
      byStage[stage] = before === undefined ? totals : addTotals(before, totals);
    }
    return { total: addTotals(sum.total, usage.total), byStage };
  }, undefined);
}

/** Copies the outputs after what is there of them already. */
async function mergeRecords(shards: readonly DoneShard[], output: string, { signal }: MergeOptions): Promise<void> {
  const file = await AtomicFile.at(output);
  const found = await file.length();
  let written = 0;
  let next = 0;
  for (const { run } of shards) {
    if (written + run.outputBytes > found || run.outputBytes === 0) break;
    if ((await fileCrc(file.workingPath, run.outputBytes, written)) !== run.outputCrc) break;
    written += run.outputBytes;
    next += 1;
  }
  await file.append();
  try {
    await file.truncate(written);
    for (const { run, path } of shards.slice(next)) {
      let crc = 0;
      for await (const bytes of createReadStream(path, { highWaterMark: COPY_BYTES }) as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        crc = crc32(bytes, crc);
        await file.write(bytes);
      }
      if (crc !== run.outputCrc) throw changedShard(path);
    }
    await file.commit();
  } finally {
    await file.close();
  }
}

/** Makes an output that is not plain JSON Lines: the shards are checked first, as the form cannot be checked against them. */
async function mergeForm(shards: readonly DoneShard[], output: string, { signal }: MergeOptions): Promise<void> {
  const full = shards.filter(({ run }) => run.outputBytes > 0);
  for (const { path, run } of full) {
    signal?.throwIfAborted();
    if ((await fileCrc(path, run.outputBytes)) !== run.outputCrc) throw changedShard(path);
  }
  await makeForm(
    full.map(({ path }) => path),
    output,
    { signal },
  );
}

function changedShard(path: string): OutputError {
  return new OutputError('has changed since its shard was finished', {
    path,
    hint: 'restore it, or run the shard again with --resume never',
  });
}

/** The place of a reject among the records is the last key of its line. */
const PLACE = /,"place":(\d+)\}$/;

/** Writes the rejects in the order of the input. Their places in the output count the records of the shards before. */
async function mergeRejects(shards: readonly DoneShard[], rejects: string, { signal }: MergeOptions): Promise<void> {
  const file = await AtomicFile.at(rejects);
  await file.remove();
  if (shards.every(({ rejected }) => rejected === 0)) return;
  await file.create();
  try {
    let before = 0;
    for (const { path, out, rejected } of shards) {
      for await (const line of rejected === 0 ? [] : fileLines(filesBeside(path).rejects)) {
        signal?.throwIfAborted();
        const text = line.toString().replace(PLACE, (_, place: string) => `,"place":${Number(place) + before}}`);
        await file.write(Buffer.from(`${text}\n`));
      }
      before += out;
    }
    await file.commit();
  } finally {
    await file.close();
  }
}
