import { UsageError } from '../errors.js';
import type { Checkpoint } from './checkpoint.js';
import { noCounts } from './runCounts.js';
import type { RunSettings, RunState } from './runStore.js';

/**
 * The run to go on with, as its last commit left it, or a new one. A run of which nothing was finished binds nobody.
 *
 * @throws UsageError where the run that is there has other settings, or there is none and `resume` is `always`;
 *   OutputError where the output cannot be written, or something else has left its `.partial`
 */
export async function findRun(checkpoint: Checkpoint, stages: string[]): Promise<RunState> {
  const { store, settings, output, resume = 'auto' } = checkpoint;
  const last = store.state;
  const unfinished = last?.phase === 'running' || last?.phase === 'finishing' ? last : undefined;
  const isInPlace = unfinished?.phase === 'finishing' && (await output.isFinished(unfinished.outputBytes));
  const found = unfinished?.finished.length === 0 ? undefined : unfinished;

  if (resume === 'never') await setAside(checkpoint, found !== undefined && !isInPlace);
  else if (found !== undefined && !(isInPlace && differences(found.settings, settings).length > 0)) {
    refuseOther(found.settings, settings, output.path);
    if (!isInPlace) await output.check(true);
    return isInPlace ? { ...found, phase: 'done' } : { ...found, sessions: found.sessions + 1 };
  }
  if (resume === 'always') {
    throw new UsageError(`${output.path}: there is no run to go on with`, { hint: 'leave out --resume always' });
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

async function setAside({ output, rejects, onSetAside }: Checkpoint, isRun: boolean): Promise<void> {
  for (const sink of isRun ? [output, rejects] : [output]) {
    const place = await sink.setAside();
    if (place !== undefined) onSetAside?.(place);
  }
}

function refuseOther(before: RunSettings, now: RunSettings, path: string): void {
  const different = differences(before, now);
  if (different.length === 0) return;
  throw new UsageError(`${path} is the output of an unfinished run with other settings: ${different.join(', ')}`, {
    hint: 'give it the settings it had, write to another output, or start anew (--resume never)',
  });
}

/** `model "a" → "b"`, for each setting that is not what it was. */
export function differences(before: RunSettings, now: RunSettings): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => `${key} ${shown(before[key])} → ${shown(now[key])}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
