import { UsageError } from '../errors.js';
import type { Resolved } from '../util/options.js';
import type { checkpointOptions } from './checkpoint.js';
import { noCounts } from './runCounts.js';
import type { RunSettings, RunState } from './runState.js';

type ResolvedCheckpoint = Resolved<typeof checkpointOptions>;

/**
 * Returns the state of the run to resume, as its last commit left it, or that of a new run. A run of which nothing was
 * finished is not resumed.
 *
 * @throws UsageError if the earlier run has other settings, or if there is none and `resume` is `always`; OutputError if the
 *   output cannot be written, or if something else has left its `.partial`
 */
export async function resumeRun(checkpoint: ResolvedCheckpoint, stages: string[]): Promise<RunState> {
  const { store, settings, output, resume, readSettings } = checkpoint;
  const last = store.state && {
    ...store.state,
    settings: readSettings?.(store.state.settings) ?? store.state.settings,
  };
  const unfinished = last?.phase === 'running' || last?.phase === 'finishing' ? last : undefined;
  const isInPlace = unfinished?.phase === 'finishing' && (await output.isFinished(unfinished.outputBytes));
  const found = unfinished?.finished.length === 0 ? undefined : unfinished;

  if (resume === 'never') await setAside(checkpoint, found !== undefined && !isInPlace);
  else if (found !== undefined && !(isInPlace && differences(found.settings, settings).length > 0)) {
    refuseOtherSettings(found.settings, settings, output.path);
    if (!isInPlace) await output.check(true);
    return isInPlace ? { ...found, phase: 'done' } : { ...found, sessions: found.sessions + 1 };
  }
  if (resume === 'always') {
    throw new UsageError(`${output.path}: no run to resume`, { hint: 'leave out --resume always' });
  }
  await output.check(unfinished !== undefined);
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

async function setAside({ output, rejects, onSetAside }: ResolvedCheckpoint, isRun: boolean): Promise<void> {
  for (const sink of isRun ? [output, rejects] : [output]) {
    const path = await sink.setAside();
    if (path !== undefined) onSetAside?.(path);
  }
}

function refuseOtherSettings(before: RunSettings, now: RunSettings, path: string): void {
  const different = differences(before, now);
  if (different.length === 0) return;
  throw new UsageError(`${path} is the output of an unfinished run with other settings: ${different.join(', ')}`, {
    hint: 'use the same settings, write to another output, or start a new run (--resume never)',
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
