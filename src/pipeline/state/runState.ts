import type { Position } from '../../flow/resume.js';
import { damagedStore } from '../../store/storeErrors.js';
import { OrdinalSet } from './ordinalSet.js';
import type { RunCounts } from './runCounts.js';

/** All that shapes the records of a run, as JSON: a run is resumed only if none of it has changed. */
export type RunSettings = Record<string, unknown>;

/** The state of a run at a commit. */
export interface RunState {
  settings: RunSettings;
  /** `finishing`: all is done, and the output is about to become final; `mending`: the same after a retry of rejects. */
  phase: 'running' | 'finishing' | 'done' | 'mending';
  /** ISO 8601, UTC. */
  startedAt: string;
  /** The number of its starts, and the duration of all sessions together. */
  sessions: number;
  seconds: number;
  /** The lengths of the output and of the rejects file with exactly what is finished. */
  outputBytes: number;
  rejectsBytes: number;
  /** The CRC-32 of these bytes; absent in runs of rareflow 0.1. */
  outputCrc?: number | undefined;
  rejectsCrc?: number | undefined;
  /** The lengths and checksums of what each stage made, if the run writes that. */
  steps?: { bytes: number; crc?: number | undefined }[] | undefined;
  /** The name of the rejects file, without its folder. */
  rejectsName?: string | undefined;
  /** The limit of the items read; null for none, absent in runs of rareflow 0.1. */
  limit?: number | null | undefined;
  /** The numbers of the input items whose results are all in them, as ranges (`OrdinalSet`). */
  finished: number[];
  counts: RunCounts;
  /** The size of the sample that the last session took; null or absent if it took all items. */
  sample?: number | null | undefined;
  /**
   * In a run that keeps the order and goes on from a sample: the items of the sample, whose results the store keeps, the first item
   * that is not written yet, and the number of lines written.
   */
  merging?: { earlier: number[]; next: number; lines: number } | undefined;
  /** The position at which reading resumes, and the furthest that was read. */
  from?: Position | undefined;
  seen?: Position | undefined;
  /** The data that the caller keeps with each commit. */
  figures?: unknown;
}

/**
 * Throws the StoreError of a damaged store at `path` unless a state agrees with itself: rareflow 0.1 kept no checksum with it.
 */
export function checkRunState(state: RunState, path: string): void {
  const problem = stateProblem(state);
  if (problem !== undefined) throw damagedStore(path, problem);
}

function stateProblem({ phase, outputBytes, rejectsBytes, finished, counts, sessions }: RunState): string | undefined {
  const isPhase = ['running', 'finishing', 'done', 'mending'].includes(phase);
  if (!isPhase || !Array.isArray(finished) || !Array.isArray(counts?.stages)) return 'the state of the run is not one';
  const { out, unread, unwritable, stages } = counts;
  const rejected = stages.map((stage) => stage.rejected);
  const extra = stages.map((stage) => stage.extra);
  const numbers = [outputBytes, rejectsBytes, sessions, out, unread, unwritable, ...rejected, ...extra, ...finished];
  if (!numbers.every(isCountable)) return 'a count of the run is not a whole number >= 0';
  if (
    finished.length % 2 !== 0 ||
    finished.some((edge, index) => index > 0 && edge <= (finished[index - 1] as number))
  ) {
    return 'the finished items of the run are not in order';
  }
  const items = new OrdinalSet(finished).size + sum(extra);
  const outcomes = out + unread + unwritable + sum(rejected);
  return items === outcomes ? undefined : `the run counts ${items} finished items, but ${outcomes} results`;
}

function isCountable(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
