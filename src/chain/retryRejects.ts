import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError, UsageError } from '../errors.js';
import { fileLines } from '../io/read/fileLines.js';
import { durableJsonl } from '../io/write/durableJsonl.js';
import { recordsFileOf, updateForm } from '../io/write/durableRecords.js';
import { fileCrc } from '../io/write/fileCrc.js';
import { mergeRetried, type RetriedReject, type RetryResult } from '../io/write/mergeRetried.js';
import { type PipelineOptions, type PipelineStage, runPipeline } from '../pipeline/runPipeline.js';
import type { RunCounts } from '../pipeline/state/runCounts.js';
import type { RunSettings, RunState } from '../pipeline/state/runState.js';
import { RunStore } from '../pipeline/state/runStore.js';
import { type DataRecord, isRecord, type Reject } from '../record.js';

export interface RetryRejectsOptions extends Pick<PipelineOptions, 'stop' | 'onProgress' | 'progressIntervalMs'> {
  /** The folder in which the run keeps its state, and the store that is open in it. */
  folder: string;
  store: RunStore;
  /** The output of the run, and its rejects. */
  output: string;
  rejects: string;
  /** The stages of the run, by the same names. */
  stages: PipelineStage[];
  /** All that shapes the records, as JSON; it may differ from that of the run. Default: the run's. */
  settings?: RunSettings | undefined;
  /** Returns what to keep with the run (JSON), such as the tokens used. Default: what was kept before. */
  figures?: (() => unknown) | undefined;
}

export interface RetryCounts {
  retried: number;
  /** Records that came out of them. */
  out: number;
}

/**
 * Retries the rejects of a finished run, each from the stage that refused it, and merges the records that come out into the
 * output: at the positions of their inputs, or at the end if the run did not keep the order.
 *
 * It can be killed and called again: the retry of each stage is a run with a checkpoint, the new files are written beside the
 * old ones, and the store says `mending` before the first is renamed, so that the next call renames the others.
 *
 * @throws UsageError if there is no finished run; InputError if a line of the rejects is not JSON; whatever `runPipeline` throws
 */
export async function retryRejects(given: RetryRejectsOptions): Promise<RetryCounts> {
  const options = { ...given, output: recordsFileOf(given.output) };
  const { folder, store, output, rejects, stages } = options;
  finishRetry(options);
  const { state } = store;
  if (state === undefined) throw new UsageError(`${output}: no run whose rejects could be retried`);
  if (state.phase !== 'done') {
    throw new UsageError(`${output}: the run is not finished`, { hint: 'resume it first, without --retry-rejects' });
  }
  if (typeof state.sample === 'number') {
    throw new UsageError(`${output}: the run has taken only its sample`, {
      hint: 'run it without --sample and without --retry-rejects first',
    });
  }
  await requireFilesOf(state, options);
  const work = path.join(folder, 'retry');
  mkdirSync(work, { recursive: true });
  const counts = structuredClone(state.counts);
  const retries: StageRetry[] = [];
  const total = { retried: 0, out: 0 };
  for (const [index, { name }] of stages.entries()) {
    const retry = await retryStage(options, index, path.join(work, name));
    if (retry === undefined) continue;
    retries.push(retry);
    total.retried += retry.rejects.length;
    total.out += retry.counts.out;
    addCounts(counts, index, retry);
  }
  if (total.retried > 0) {
    const [newOutput, newRejects] = [mergedPath(output), mergedPath(rejects)];
    await mergeRetried({ output, rejects, newOutput, newRejects }, resultsByIndex(rejects, retries));
    store.commit({
      ...state,
      phase: 'mending',
      counts,
      outputBytes: statSync(newOutput).size,
      rejectsBytes: statSync(newRejects).size,
      outputCrc: await fileCrc(newOutput),
      rejectsCrc: await fileCrc(newRejects),
      rejectsName: path.basename(rejects),
      figures: options.figures === undefined ? state.figures : options.figures(),
    });
  }
  finishRetry(options);
  await updateForm(given.output);
  return total;
}

/** Renames the files that a retry had written when it was killed, if it was. */
export function finishRetry({ folder, store, rejects, ...run }: Omit<RetryRejectsOptions, 'stages'>): void {
  const { state } = store;
  const output = recordsFileOf(run.output);
  if (state?.phase === 'mending') {
    for (const file of [output, rejects]) {
      if (statSync(mergedPath(file), { throwIfNoEntry: false })) renameSync(mergedPath(file), file);
    }
    if (state.outputBytes === 0) rmSync(output, { force: true });
    if (state.rejectsBytes === 0) rmSync(rejects, { force: true });
    store.commit({ ...state, phase: 'done' });
  }
  if (state?.phase === 'mending' || state?.phase === 'done') {
    rmSync(path.join(folder, 'retry'), { recursive: true, force: true });
  }
}

/** Throws UsageError unless the output and the rejects file are what the run has written. */
async function requireFilesOf(state: RunState, { output, rejects, stages }: RetryRejectsOptions): Promise<void> {
  const [outputBytes, rejectsBytes] = [lengthOf(output), lengthOf(rejects)];
  if (outputBytes !== state.outputBytes) throw notOfRun(output, 'output', outputBytes, state.outputBytes);
  if (rejectsBytes !== state.rejectsBytes) throw notOfRun(rejects, 'rejects file', rejectsBytes, state.rejectsBytes);
  const crc = rejectsBytes === 0 ? 0 : await fileCrc(rejects);
  const found = new Map<string, number>();
  for await (const { reject } of readRejects(rejects)) found.set(reject.stage, (found.get(reject.stage) ?? 0) + 1);
  // Runs of rareflow 0.1 kept no checksum.
  const isTooMany = stages.some(
    ({ name }, index) => (found.get(name) ?? 0) > (state.counts.stages[index]?.rejected ?? 0),
  );
  if (crc !== (state.rejectsCrc ?? crc) || isTooMany) throw notOfRun(rejects, 'rejects file');
}

function notOfRun(file: string, role: string, bytes?: number, expected?: number): UsageError {
  const lengths = bytes === expected ? '' : `: it has ${bytes} bytes, and the run wrote ${expected}`;
  return new UsageError(`${file} is not the ${role} of this run${lengths}`, {
    hint: 'restore the file that the run wrote, or name it with -o or --rejects',
  });
}

function lengthOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

interface StageRetry {
  rejects: RetriedReject[];
  counts: RunCounts;
  /** Files of RetryResult, by index. */
  files: string[];
}

/** Sends the rejects of one stage through it and those after it; undefined if it has none. */
async function retryStage(options: RetryRejectsOptions, index: number, base: string): Promise<StageRetry | undefined> {
  const { stages, stop, onProgress, progressIntervalMs } = options;
  const { name } = stages[index] as PipelineStage;
  const retried: RetriedReject[] = [];
  let crc = 0;
  for await (const { index, reject, line } of readRejects(options.rejects)) {
    crc = crc32(line, crc);
    if (canRetry(reject, name)) retried.push({ index, place: reject.place });
  }
  if (retried.length === 0) return undefined;
  const output = `${base}.jsonl`;
  const rejects = `${base}.rejects.jsonl`;
  const stageRetry = (counts: RunCounts) => ({ rejects: retried, counts, files: [output, rejects] });
  await using store = new RunStore(base);
  const settings = { ...(options.settings ?? options.store.state?.settings), rejects: crc };
  const before = store.state;
  const isSame = JSON.stringify(before?.settings) === JSON.stringify(settings);
  if (before?.phase === 'done' && isSame) return stageRetry(before.counts);
  await runPipeline({
    // They were rejected before: the share says nothing new.
    maxRejectShare: 1,
    source: () => recordsOf(options.rejects, name),
    stages: stages.slice(index),
    checkpoint: {
      ...{ store, settings, retried },
      output: durableJsonl(output),
      rejects: durableJsonl(rejects, { partial: false }),
    },
    ...{ stop, onProgress, progressIntervalMs },
  });
  return stageRetry((store.state as RunState).counts);
}

function addCounts(counts: RunCounts, first: number, { rejects, counts: more }: StageRetry): void {
  counts.out += more.out;
  counts.unwritable += more.unwritable;
  (counts.stages[first] as RunCounts['stages'][number]).rejected -= rejects.length;
  for (const [index, { rejected, extra }] of more.stages.entries()) {
    const stage = counts.stages[first + index] as RunCounts['stages'][number];
    stage.rejected += rejected;
    stage.extra += extra;
  }
}

async function* recordsOf(rejects: string, stage: string): AsyncGenerator<DataRecord> {
  for await (const { reject } of readRejects(rejects)) {
    if (canRetry(reject, stage)) yield reject.record as DataRecord;
  }
}

/** Yields the result of each reject in their order, one record or more or a reject; one that was not retried as it is. */
async function* resultsByIndex(rejects: string, retries: StageRetry[]): AsyncGenerator<RetryResult> {
  const retried = new Set(retries.flatMap((retry) => retry.rejects.map(({ index }) => index)));
  async function* notRetried(): AsyncGenerator<RetryResult> {
    for await (const { index, reject } of readRejects(rejects)) {
      if (!retried.has(index)) yield { index, place: reject.place, reject };
    }
  }
  const sources = [notRetried(), ...retries.flatMap(({ files }) => files.map(readResults))];
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.next() })));
  for (;;) {
    const waiting = heads.filter(({ next }) => !next.done);
    const first = waiting.reduce<(typeof heads)[number] | undefined>(
      (least, head) => (least === undefined || head.next.value.index < least.next.value.index ? head : least),
      undefined,
    );
    if (first === undefined) return;
    yield first.next.value;
    first.next = await first.source.next();
  }
}

async function* readResults(file: string): AsyncGenerator<RetryResult> {
  if (!statSync(file, { throwIfNoEntry: false })) return;
  for await (const line of fileLines(file)) yield JSON.parse(line.toString());
}

async function* readRejects(file: string): AsyncGenerator<{ index: number; reject: Reject; line: Buffer }> {
  let index = 0;
  if (!statSync(file, { throwIfNoEntry: false })) return;
  for await (const line of fileLines(file)) {
    let reject: Reject;
    try {
      reject = JSON.parse(line.toString());
    } catch (cause) {
      throw new InputError('not JSON', { path: file, line: index + 1, cause });
    }
    yield { index: index++, reject, line };
  }
}

function canRetry({ stage, record, final }: Reject, name: string): boolean {
  return stage === name && final !== true && isRecord(record);
}

/** The new file, until it is renamed. */
function mergedPath(file: string): string {
  return `${file}.mended`;
}
