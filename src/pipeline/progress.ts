import { type Operator, operator } from '../flow/operator.js';
import type { DataRecord, Reject } from '../record.js';
import { RecentRates } from '../util/recentRates.js';
import { type Eta, EtaEstimate } from './eta.js';
import type { PipelineRun } from './pipelineRun.js';
import { OrdinalSet } from './state/ordinalSet.js';
import { type RunCounts, recordsGiven } from './state/runCounts.js';
import type { RunState } from './state/runState.js';

/** The counts of one stage: taken + extra = given + rejected + inFlight. */
export interface StageCounts {
  name: string;
  taken: number;
  given: number;
  rejected: number;
  /** Records that one record became beyond the first. */
  extra: number;
  inFlight: number;
  /** The time that it was busy with one record or more; 0 for an operator that does not call `onWork`. */
  workSeconds: number;
  /** Records given per second, in the last 30 s. */
  perSecond: number;
  lastReject: Reject | undefined;
}

/** The state of a run: in + extra = out + rejected + pending. */
export interface RunProgress {
  /** Records and bad lines read. */
  in: number;
  /** Records that came out of the last stage; in a run with a checkpoint, those written. */
  out: number;
  rejected: number;
  extra: number;
  /** Read, but neither out nor rejected: in flight, or not processed because of an error. */
  pending: number;
  stages: StageCounts[];
  /** The last reject of any stage, or of the source. */
  lastReject: Reject | undefined;
  /** Records that came out per second, in the last 30 s. */
  perSecond: number;
  /**
   * The share of the input that is finished, from 0 to 1; what is pending is not. Undefined if the length of the input is not
   * known: the source reports it by `onBytes`, or there is a `limit`.
   */
  share: number | undefined;
  /** The time left. Undefined if there is no share, or too little progress for an estimate. */
  eta: Eta | undefined;
  /** All sessions together. */
  seconds: number;
  /** At the end of a run that was too short to be stopped by `maxRejectShare`: a sentence, if it would have been. */
  rejectedAlike?: string | undefined;
}

/** Counts where the records of a run are, including those of earlier sessions. */
export class Progress {
  /** Records that went into the first stage. */
  records = 0;
  lastReject: Reject | undefined;
  /** The share of the input that was read, if it is known. */
  readShare: number | undefined;
  #unread: number;
  readonly #run: PipelineRun;
  readonly #limit: number;
  readonly #stages: Omit<StageCounts, 'taken' | 'inFlight' | 'perSecond'>[];
  readonly #rates: RecentRates;
  /** By stage: the number of records it is busy with, and the time of the last change. */
  readonly #work: { records: number; sinceMs: number }[];
  readonly #eta = new EtaEstimate();
  /** The records that were out or rejected before this session. */
  readonly #doneBefore: number;

  constructor(names: string[], run: PipelineRun, limit = Number.POSITIVE_INFINITY) {
    this.#run = run;
    this.#limit = limit;
    const { counts, finishedBefore } = run;
    this.#unread = counts.unread;
    this.records = finishedBefore - this.#unread;
    const given = recordsGiven(counts, this.records);
    this.#stages = names.map((name, index) => ({
      ...{ name, rejected: 0, extra: 0, workSeconds: 0, lastReject: undefined, ...counts.stages[index] },
      given: given[index] ?? 0,
    }));
    this.#work = names.map(() => ({ records: 0, sinceMs: 0 }));
    const { in: read, extra, pending, out } = this.#balance();
    this.#doneBefore = read + extra - pending;
    this.#rates = new RecentRates([out, ...this.#stages.map((stage) => stage.given)]);
  }

  /** Counts a reject of a stage, by its index: -1 is the source, one after the last stage the sink. */
  reject(index: number, reject: Reject): void {
    this.lastReject = reject;
    const stage = this.#stages[index];
    if (stage !== undefined) {
      stage.rejected += 1;
      stage.lastReject = reject;
    } else if (index < 0) this.#unread += 1;
  }

  extra(index: number, count: number): void {
    (this.#stages[index] as { extra: number }).extra += count;
  }

  /** A stage begins (1) or ends (−1) work on a record. */
  work(index: number, change: 1 | -1): void {
    const stage = this.#stages[index] as { workSeconds: number };
    const work = this.#work[index] as { records: number; sinceMs: number };
    const nowMs = performance.now();
    if (work.records > 0) stage.workSeconds += (nowMs - work.sinceMs) / 1000;
    work.records += change;
    work.sinceMs = nowMs;
    const kept = this.#run.counts.stages[index];
    if (kept !== undefined) kept.workSeconds = stage.workSeconds;
  }

  /** Returns an operator that counts what a stage gives. */
  given(index: number, onGiven: () => void): Operator<DataRecord, DataRecord> {
    const stage = this.#stages[index] as { given: number };
    return operator(async function* (source) {
      for await (const item of source) {
        stage.given += 1;
        onGiven();
        yield item;
      }
    });
  }

  /** Returns where every record is now. */
  progress(): RunProgress {
    const counts = this.#balance();
    const { stages, in: read, extra, pending } = counts;
    const [perSecond = 0, ...ofStages] = this.#rates.next([counts.out, ...stages.map(({ given }) => given)]);
    for (const [index, rate] of ofStages.entries()) (stages[index] as StageCounts).perSecond = rate;
    const readShare =
      this.#limit < Number.POSITIVE_INFINITY ? Math.max(read / this.#limit, this.readShare ?? 0) : this.readShare;
    const share =
      readShare === undefined || read === 0 ? undefined : Math.min(1, readShare) * (1 - pending / (read + extra));
    // The time before the first result, such as reading to where a run resumes, says nothing about the pace.
    const hasPace = share !== undefined && read + extra - pending > this.#doneBefore;
    return { ...counts, perSecond, share, eta: hasPace ? this.#eta.next(share) : undefined };
  }

  /** Returns where every record is after a run that has ended early: what was not committed is still to be done. */
  committed(): RunProgress {
    const { committed } = this.#run;
    if (committed === undefined) return this.progress();
    const { stages, ...run } = { ...progressOf(committed, this.records + this.#unread), seconds: this.#run.seconds };
    const withRejects = stages.map((stage, index) => ({ ...stage, lastReject: this.#stages[index]?.lastReject }));
    return { ...run, stages: withRejects, lastReject: this.lastReject };
  }

  #balance(): RunProgress {
    const { unwritable, out } = this.#run.counts;
    const stages = this.#stages.map(({ given, ...stage }, index) => {
      const taken = index === 0 ? this.records : (this.#stages[index - 1] as { given: number }).given;
      return { ...stage, taken, given, inFlight: taken + stage.extra - given - stage.rejected, perSecond: 0 };
    });
    const { seconds } = this.#run;
    const { lastReject } = this;
    return balance(this.records + this.#unread, { unread: this.#unread, out, unwritable }, stages, {
      seconds,
      lastReject,
    });
  }
}

/** Returns where the records of a run are at its last commit; `read`: how many items were read, by default those finished. */
export function progressOf({ counts, finished, seconds }: RunState, read?: number): RunProgress {
  const items = new OrdinalSet(finished).size;
  const records = items - counts.unread;
  const given = recordsGiven(counts, records);
  const stages = counts.stages.map((stage, index) => {
    const taken = index === 0 ? records : (given[index - 1] as number);
    return { ...stage, taken, given: given[index] as number, inFlight: 0, perSecond: 0, lastReject: undefined };
  });
  return balance(read ?? items, counts, stages, { seconds, lastReject: undefined });
}

function balance(
  read: number,
  { unread, out, unwritable }: Omit<RunCounts, 'stages'>,
  stages: StageCounts[],
  more: Pick<RunProgress, 'seconds' | 'lastReject'>,
): RunProgress {
  const rejected = stages.reduce((sum, stage) => sum + stage.rejected, unread + unwritable);
  const extra = stages.reduce((sum, stage) => sum + stage.extra, 0);
  const pending = read + extra - out - rejected;
  return { in: read, out, rejected, extra, pending, stages, perSecond: 0, share: undefined, eta: undefined, ...more };
}
