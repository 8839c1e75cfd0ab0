import { basename } from 'node:path';
import { UsageError } from '../errors.js';
import { isRecord, isReject } from '../record.js';
import type { ResolvedCheckpoint } from './checkpoint.js';
import { OrdinalSet } from './state/ordinalSet.js';
import { noCounts } from './state/runCounts.js';
import type { RunSettings, RunState } from './state/runState.js';

/**
 * Returns the state of the run to resume, as its last commit left it, or that of a new run. A run of which nothing was
 * finished is not resumed, and one that is done stays as it is, unless a limit or the size of a sample ended it and the new one is
 * higher or absent.
 *
 * @throws UsageError if the earlier run has other settings, if it has taken all items and a sample is asked for, if a new run would replace an output, or if there is none to resume
 *   and `resume` is `always`; OutputError if the output cannot be written, or if something else has left its `.partial` or
 *   what is in the rejects file
 */
export async function resumeRun(
  checkpoint: ResolvedCheckpoint,
  { stages, limit, sample }: { stages: string[]; limit: number; sample?: number | undefined },
): Promise<RunState> {
  const { store, settings, output, rejects, resume, readSettings } = checkpoint;
  const last = store.state && {
    ...store.state,
    settings: readSettings?.(store.state.settings, store.state) ?? store.state.settings,
  };
  const unfinished = last?.phase === 'running' || last?.phase === 'finishing' ? last : undefined;
  const ofSession = {
    rejectsName: basename(rejects.path),
    limit: limit === Number.POSITIVE_INFINITY ? null : limit,
    sample: sample ?? null,
  };
  const canReadOn = (state: RunState) => endedAtLimit(state, limit) || endedAtSample(state, sample);
  const goOn = (state: RunState): RunState => {
    if (sample !== undefined && typeof state.sample !== 'number') throw pastSample(output.path);
    const start = isOtherSample(state, sample) ? withoutOutput(state, checkpoint.ordered) : state;
    if ((start.merging?.earlier.at(-1) ?? 0) > limit) throw beyondLimit(output.path, limit);
    return { ...start, phase: 'running', sessions: state.sessions + 1, ...ofSession };
  };
  if (resume === 'never') {
    await setAside(checkpoint);
    await output.check(unfinished !== undefined);
    return { ...newRun(settings, stages), ...ofSession };
  }
  const isInPlace = unfinished?.phase === 'finishing' && (await output.isFinished(unfinished.outputBytes));
  const found = unfinished?.finished.length === 0 ? undefined : unfinished;
  if (found !== undefined) {
    refuseOtherSettings(found.settings, settings, `${output.path} is the output of an unfinished run`);
    if (isInPlace && !canReadOn(found)) return { ...found, phase: 'done' };
    if (!isInPlace) await output.check(true);
    await checkRejects(checkpoint, found);
    return goOn(found);
  }
  if (resume === 'always') {
    throw new UsageError(`${output.path}: no run to resume`, { hint: 'leave out --resume always' });
  }
  if (checkpoint.retried === undefined) {
    const done = await finishedRun(checkpoint, last);
    const isWhole = done === undefined || !(await output.needsFinish?.(done.outputBytes));
    if (done !== undefined && isWhole && !canReadOn(done)) return done;
    await checkRejects(checkpoint, last);
    if (done !== undefined) return goOn(done);
  }
  await output.check(unfinished !== undefined);
  return { ...newRun(settings, stages), ...ofSession };
}

/** Returns true if a finished run can read on, because it had a lower limit, or one that is not known. */
function endedAtLimit({ limit: before, finished }: RunState, limit: number): boolean {
  return before !== null && (before ?? 0) < limit && new OrdinalSet(finished).size < limit;
}

/** Returns true if a finished run took a sample, and the new one is larger, or all items are wanted. */
function endedAtSample({ sample: before, finished }: RunState, sample = Number.POSITIVE_INFINITY): boolean {
  return typeof before === 'number' && new OrdinalSet(finished).size < sample;
}

function isOtherSample({ sample: before }: RunState, sample: number | undefined): boolean {
  return typeof before === 'number' && before !== sample;
}

/**
 * Returns the state of a sample from which other items are done: the input is read from its start. If the order is kept, the output
 * is written from its start too, with the results of the sample in their places.
 */
function withoutOutput(state: RunState, ordered: boolean): RunState {
  const unread = { ...state, from: undefined, seen: undefined };
  if (!ordered) return unread;
  const empty = { outputBytes: 0, rejectsBytes: 0, outputCrc: 0, rejectsCrc: 0 };
  return { ...unread, ...empty, merging: { earlier: state.finished, next: 0, lines: 0 } };
}

function pastSample(path: string): UsageError {
  return new UsageError(`${path}: the run has begun with all records, so it cannot take a sample`, {
    hint: 'leave out --sample to resume it, or write the sample to another output',
  });
}

function beyondLimit(path: string, limit: number): UsageError {
  return new UsageError(`${path}: its sample holds records beyond the first ${limit}`, {
    hint: 'leave out --limit, or use the limit of the sample',
  });
}

export function newRun(settings: RunSettings, stages: string[]): RunState {
  return {
    settings,
    phase: 'running',
    startedAt: new Date().toISOString(),
    sessions: 1,
    seconds: 0,
    outputBytes: 0,
    rejectsBytes: 0,
    finished: [],
    counts: noCounts(stages),
  };
}

/** Returns the run that wrote what is at the output; undefined if there is nothing. Refuses to replace what is not of this run. */
async function finishedRun({ output, settings }: ResolvedCheckpoint, last: RunState | undefined) {
  const bytes = await output.finalBytes?.();
  if (bytes === undefined) return undefined;
  const isEmptyRun = last?.phase === 'done' && bytes === last.outputBytes;
  if (last === undefined || (last.finished.length === 0 && !isEmptyRun)) {
    if (bytes === 0) return undefined;
    throw new UsageError(`${output.path} exists, and its run is not known`, { hint: NEW_RUN });
  }
  refuseOtherSettings(last.settings, settings, `${output.path} is the output of a finished run`);
  if (bytes === last.outputBytes) return last;
  const change = `${bytes} bytes instead of ${last.outputBytes}`;
  throw new UsageError(`${output.path} has changed since its run was finished: ${change}`, { hint: NEW_RUN });
}

const NEW_RUN = 'write to another output, or start a new run (--resume never keeps the old files as .old)';

/** Throws OutputError if the rejects file holds anything else than the rejects of this run. */
async function checkRejects({ rejects }: ResolvedCheckpoint, run: RunState | undefined): Promise<void> {
  const isSameFile = run?.rejectsName === undefined || run.rejectsName === basename(rejects.path);
  const { rejectsBytes: bytes = 0, rejectsCrc: crc } = (isSameFile ? run : undefined) ?? { rejectsCrc: 0 };
  const mayGrow = isSameFile && run !== undefined && (crc === undefined || run.phase !== 'done');
  await rejects.checkContent?.({ bytes, crc, mayFollow: (item) => mayGrow && isReject(item) });
}

/**
 * Returns the lengths at which the outputs of the stages are continued, all 0 for a new run. Throws UsageError if the earlier
 * sessions wrote them and this one does not, or the other way round; OutputError if one holds what is not of this run.
 */
export async function resumeSteps(
  { steps, store, resume, onSetAside }: ResolvedCheckpoint,
  run: RunState,
  stages: readonly string[],
): Promise<RunState['steps']> {
  if (steps !== undefined && steps.length !== stages.length) {
    throw new UsageError(`${steps.length} outputs of stages were given for ${stages.length} stages`);
  }
  const before = run.finished.length > 0 ? run.steps : steps?.map(() => ({ bytes: 0, crc: 0 }));
  if ((before === undefined) !== (steps === undefined)) {
    const start = before === undefined ? 'without' : 'with';
    throw new UsageError(`the run was started ${start} outputs of its stages`, {
      hint: `resume it ${start} them (--step-files), or start a new run (--resume never keeps the old files as .old)`,
    });
  }
  const mayGrow = store.state?.steps !== undefined;
  for (const [index, step] of (steps ?? []).entries()) {
    if (resume === 'never') {
      const aside = await step.setAside();
      if (aside !== undefined) onSetAside?.(aside);
    }
    const earlier = before?.[index] ?? { bytes: 0, crc: 0 };
    await step.checkContent?.({ ...earlier, mayFollow: (item) => mayGrow && isRecord(item) });
  }
  return before;
}

async function setAside({ output, rejects, onSetAside }: ResolvedCheckpoint): Promise<void> {
  await rejects.checkContent?.({ bytes: 0, mayFollow: isReject });
  for (const path of [await output.setAside(), await output.setFinalAside?.(), await rejects.setAside()]) {
    if (path !== undefined) onSetAside?.(path);
  }
}

export function refuseOtherSettings(before: RunSettings, now: RunSettings, what: string): void {
  const different = differences(before, now);
  if (different.length === 0) return;
  throw new UsageError(`${what} with other settings: ${different.join(', ')}`, {
    hint: `use the same settings, ${NEW_RUN}`,
  });
}

/** Returns `model "a" → "b"` for each setting that has changed. */
export function differences(before: RunSettings, now: RunSettings): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `${name} ${shown(before[name])} → ${shown(now[name])}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
