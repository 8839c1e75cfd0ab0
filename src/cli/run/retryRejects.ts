import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError, UsageError } from '../../errors.js';
import { fileLines } from '../../io/read/fileLines.js';
import { jsonlFile } from '../../io/write/durableJsonl.js';
import { type Mend, type Mended, mendLines } from '../../io/write/mergeRetried.js';
import { type PipelineOptions, type PipelineStage, runPipeline } from '../../pipeline/runPipeline.js';
import { type RunSettings, type RunState, RunStore } from '../../pipeline/runStore.js';
import { type DataRecord, isRecord, type Reject } from '../../record.js';

export interface Retry {
  /** The folder and the store of the run that is mended. */
  folder: { path: string; store: RunStore };
  output: string;
  rejectsPath: string;
  stages: PipelineStage[];
  settings: RunSettings;
  /** How its pipelines are stopped and shown. */
  pipeline: Pick<PipelineOptions, 'stop' | 'onProgress' | 'progressIntervalMs'>;
  /** What is kept with the run (JSON). */
  figures: () => unknown;
}

export interface Retried {
  retried: number;
  mended: number;
}

/**
 * Sends the rejects of a run that is done through the stages again, each from the one that refused it, and puts what comes
 * out where it belongs: in the place of its input, or at the end where the run did not keep the order. It may be killed
 * and called again: each stage's retry is a run with a checkpoint of its own, the new files are written beside the old
 * ones, and the store says `mending` before the first is renamed, so that a start afterwards renames the rest.
 */
export async function retryRejects(retry: Retry): Promise<Retried> {
  const { folder, output, rejectsPath, stages } = retry;
  const { state } = folder.store;
  if (state === undefined) throw new UsageError(`${output}: there is no run whose rejects could be tried again`);
  if (state.phase !== 'done') {
    throw new UsageError(`${output}: the run is not done`, { hint: 'go on with it first, without --retry-rejects' });
  }
  const work = path.join(folder.path, 'retry');
  mkdirSync(work, { recursive: true });
  const counts = structuredClone(state.counts);
  const parts: Part[] = [];
  const told = { retried: 0, mended: 0 };
  for (const [place, { name }] of stages.entries()) {
    const part = await retryStage(retry, place, path.join(work, name));
    if (part === undefined) continue;
    parts.push(part);
    told.retried += part.mends.length;
    told.mended += part.counts.out;
    counts.out += part.counts.out;
    counts.unwritable += part.counts.unwritable;
    (counts.stages[place] as { rejected: number }).rejected -= part.mends.length;
    for (const [further, { rejected, extra }] of part.counts.stages.entries()) {
      const stage = counts.stages[place + further] as RunState['counts']['stages'][number];
      stage.rejected += rejected;
      stage.extra += extra;
    }
  }
  if (told.retried > 0) {
    const [newOutput, newRejects] = [mendedOf(output), mendedOf(rejectsPath)];
    await mendLines({ output, rejects: rejectsPath, newOutput, newRejects }, byIndex(rejectsPath, parts));
    folder.store.commit({
      ...state,
      phase: 'mending',
      counts,
      outputBytes: statSync(newOutput).size,
      rejectsBytes: statSync(newRejects).size,
      figures: retry.figures(),
    });
  }
  finishMending(folder, output, rejectsPath);
  return told;
}

/** Renames what a retry has written and was killed before it could put in place. */
export function finishMending({ path: folder, store }: Retry['folder'], output: string, rejectsPath: string): void {
  const { state } = store;
  if (state?.phase === 'mending') {
    for (const file of [output, rejectsPath]) {
      if (statSync(mendedOf(file), { throwIfNoEntry: false })) renameSync(mendedOf(file), file);
    }
    if (state.rejectsBytes === 0) rmSync(rejectsPath, { force: true });
    store.commit({ ...state, phase: 'done' });
  }
  if (state?.phase === 'mending' || state?.phase === 'done') {
    rmSync(path.join(folder, 'retry'), { recursive: true, force: true });
  }
}

interface Part {
  mends: Mend[];
  counts: RunState['counts'];
  /** Lines of Mended, by index. */
  files: string[];
}

/** Sends the rejects of one stage through it and those after it; undefined where it has none. */
async function retryStage(retry: Retry, place: number, base: string): Promise<Part | undefined> {
  const { rejectsPath, stages, settings, pipeline } = retry;
  const { name } = stages[place] as PipelineStage;
  const mends: Mend[] = [];
  let crc = 0;
  for await (const { index, reject, line } of readRejects(rejectsPath)) {
    crc = crc32(line, crc);
    if (canRetry(reject, name)) mends.push({ index, place: reject.place });
  }
  if (mends.length === 0) return undefined;
  const output = `${base}.jsonl`;
  const rejects = `${base}.rejects.jsonl`;
  const part = (counts: RunState['counts']) => ({ mends, counts, files: [output, rejects] });
  await using store = new RunStore(base);
  const now = { ...settings, rejects: crc };
  const before = store.state;
  if (before?.phase === 'done' && JSON.stringify(before.settings) === JSON.stringify(now)) return part(before.counts);
  await runPipeline({
    source: () => recordsOf(rejectsPath, name),
    stages: stages.slice(place),
    checkpoint: {
      store,
      settings: now,
      output: jsonlFile(output),
      rejects: jsonlFile(rejects, { partial: false }),
      mends,
    },
    ...pipeline,
  });
  return part((store.state as RunState).counts);
}

async function* recordsOf(rejectsPath: string, stage: string): AsyncGenerator<DataRecord> {
  for await (const { reject } of readRejects(rejectsPath)) {
    if (canRetry(reject, stage)) yield reject.record as DataRecord;
  }
}

/** All that is known of each reject now, in their order: a record or more, or a reject. */
async function* byIndex(rejectsPath: string, parts: Part[]): AsyncGenerator<Mended> {
  const retried = new Set(parts.flatMap(({ mends }) => mends.map(({ index }) => index)));
  async function* left(): AsyncGenerator<Mended> {
    for await (const { index, reject } of readRejects(rejectsPath)) {
      if (!retried.has(index)) yield { index, place: reject.place, reject };
    }
  }
  const sources = [left(), ...parts.flatMap(({ files }) => files.map(readMended))];
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

async function* readMended(file: string): AsyncGenerator<Mended> {
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

function canRetry({ stage, record }: Reject, name: string): boolean {
  return stage === name && isRecord(record);
}

function mendedOf(file: string): string {
  return `${file}.mended`;
}
