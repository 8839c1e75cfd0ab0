import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OutputError } from '../../errors.js';
import type { RunProgress, StageCounts } from '../../pipeline/progress.js';
import type { RunState } from '../../pipeline/runStore.js';
import type { EarlierUsage } from './account.js';
import { type RunFolder, writeJson } from './runFolder.js';

/** `OUTPUT.rareflow/summary.json`: where the records of a run are, all sessions together. in + extra = out + rejected + pending. */
export interface RunSummary {
  version: 1;
  /** The version of rareflow that wrote it. */
  rareflow: string;
  /** `stopped`: it can be gone on with. `failed`: nothing came of it. */
  state: 'done' | 'stopped' | 'failed';
  /** Why it stopped or failed. */
  reason?: string | undefined;
  output: string;
  rejects: string | undefined;
  in: number;
  extra: number;
  out: number;
  rejected: number;
  pending: number;
  /** Of each stage: taken + extra = given + rejected; `workSeconds`: for how long it was at work on one record or more. */
  stages: Pick<StageCounts, 'name' | 'taken' | 'extra' | 'given' | 'rejected' | 'workSeconds'>[];
  /** Requests, tokens, cost: in all and by stage; absent where no model was asked. */
  usage?: EarlierUsage | undefined;
  /** Time at work, how often it was started, and when first (ISO 8601). */
  seconds: number;
  sessions: number | undefined;
  startedAt: string | undefined;
  /** All that shapes the records. */
  settings: RunState['settings'] | undefined;
}

type Told = Pick<RunSummary, 'state' | 'reason' | 'output' | 'rejects' | 'usage'>;

/** Writes the summary. A disk that takes none is no reason to fail a run whose records are safe. */
export function writeSummary(
  { path: folder, store }: RunFolder,
  run: RunProgress,
  told: Told,
): OutputError | undefined {
  const { settings, sessions, startedAt } = store.state ?? {};
  const { in: read, extra, out, rejected, pending, seconds } = run;
  const stages = run.stages.map(({ name, taken, extra, given, rejected, workSeconds }) => {
    return { name, taken, extra, given, rejected, workSeconds };
  });
  const { state, reason, output, rejects, usage } = told;
  const summary: RunSummary = {
    version: 1,
    rareflow: commandVersion(),
    ...{ state, reason, output, rejects, in: read, extra, out, rejected, pending, stages, usage },
    ...{ seconds, sessions, startedAt, settings },
  };
  try {
    writeJson(path.join(folder, 'summary.json'), summary);
  } catch (cause) {
    return new OutputError('the summary could not be written', { path: folder, cause });
  }
  return undefined;
}

export function commandVersion(): string {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version;
}
