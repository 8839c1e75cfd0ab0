import { type Operator, operator } from '../flow/operator.js';
import type { DataRecord, Reject } from '../record.js';
import { RecentRates } from '../util/recentRates.js';
import type { CheckpointedRun } from './checkpointedRun.js';
import { type Eta, EtaEstimate } from './eta.js';
import { OrdinalSet } from './ordinalSet.js';
import { type RunCounts, recordsGiven } from './runCounts.js';
import type { RunState } from './runStore.js';

/** The counts of one stage: taken + extra = given + rejected + inFlight. */
export interface StageCounts {
  name: string;
  taken: number;
  given: number;
  rejected: number;
  /** Records that one record became beyond the first. */
  extra: number;
  inFlight: number;
  /** For how long it was at work on one record or more; 0 of an operator that does not tell `onWork`. */
  workSeconds: number;
  /** Records given a second, in the last 30 s. */
  perSecond: number;
  lastReject: Reject | undefined;
}

/** The state of a run: in + extra = out + rejected + pending. */
export interface RunProgress {
  /** Records and bad lines read. */
  in: number;
  /** Records that came out of the last stage; of a run with a checkpoint, those written. */
  out: number;
  rejected: number;
  extra: number;
  /** Read, and neither out nor rejected: in flight, or left undone by an error. */
  pending: number;
  stages: StageCounts[];
  /** Of any stage, or of the source. */
  lastReject: Reject | undefined;
  /** Records that came out a second, in the last 30 s. */
  perSecond: number;
  /**
   * The share of the input that is done with, from 0 to 1: what was read and is pending is not. Undefined where nobody knows
   * how long the input is: the source tells `onBytes`, or there is a `limit`.
   */
  share: number | undefined;
  /** How long it will go on. Undefined where there is no share, or too little was seen to tell. */
  eta: Eta | undefined;
  /** All sessions together. */
  seconds: number;
}

/** Counts where the records of a run are; of one that is gone on with, together with what was done before. */
export class Tally {
  records = 0;
  out = 0;
  lastReject: Reject | undefined;
  /** The share of the input that was read, where it is known. */
  readShare: number | undefined;
  #unread = 0;
  #unwritable = 0;
  readonly #startedMs = performance.now();
  readonly #stages: Omit<StageCounts, 'taken' | 'inFlight' | 'perSecond'>[];
  readonly #rates: RecentRates;
  /** By stage: on how many records it is at work, and since when on so many. */
  readonly #work: { records: number; sinceMs: number }[];
  readonly #eta = new EtaEstimate();
  /** What was out or rejected before this session. */
  readonly #doneBefore: number;

  constructor(
    names: string[],
    private readonly run: CheckpointedRun | undefined,
    private readonly limit = Number.POSITIVE_INFINITY,
  ) {
    const { counts } = run ?? {};
    const finished = run?.settler.finished.size ?? 0;
    this.#unread = counts?.unread ?? 0;
    this.records = finished - this.#unread;
    const given = counts && recordsGiven(counts, this.records);
    this.#stages = names.map((name, place) => ({
      ...{ name, rejected: 0, extra: 0, workSeconds: 0, lastReject: undefined, ...counts?.stages[place] },
      given: given?.[place] ?? 0,
    }));
    this.#work = names.map(() => ({ records: 0, sinceMs: 0 }));
    const { in: read, extra, pending, out } = this.#balance();
    this.#doneBefore = read + extra - pending;
    this.#rates = new RecentRates([out, ...this.#stages.map((stage) => stage.given)]);
  }

  /** Counts a reject of a stage, by its place: -1 the source, one after the last stage the sink. */
  reject(place: number, reject: Reject): void {
    this.lastReject = reject;
    const stage = this.#stages[place];
    if (stage !== undefined) {
      stage.rejected += 1;
      stage.lastReject = reject;
    } else if (place < 0) this.#unread += 1;
    else this.#unwritable += 1;
  }

  extra(place: number, count: number): void {
    (this.#stages[place] as { extra: number }).extra += count;
  }

  /** A stage begins (1) or ends (−1) work on a record. */
  work(place: number, change: 1 | -1): void {
    const stage = this.#stages[place] as { workSeconds: number };
    const work = this.#work[place] as { records: number; sinceMs: number };
    const nowMs = performance.now();
    if (work.records > 0) stage.workSeconds += (nowMs - work.sinceMs) / 1000;
    work.records += change;
    work.sinceMs = nowMs;
    const kept = this.run?.counts.stages[place];
    if (kept !== undefined) kept.workSeconds = stage.workSeconds;
  }

  /** Counts what a stage gives. */
  given(place: number): Operator<DataRecord, DataRecord> {
    const stage = this.#stages[place] as { given: number };
    return operator(async function* (source) {
      for await (const item of source) {
        stage.given += 1;
        yield item;
      }
    });
  }

  /** Where every record is now. */
  progress(): RunProgress {
    const counts = this.#balance();
    const { stages, in: read, extra, pending } = counts;
    const [perSecond = 0, ...ofStages] = this.#rates.next([counts.out, ...stages.map(({ given }) => given)]);
    for (const [place, rate] of ofStages.entries()) (stages[place] as StageCounts).perSecond = rate;
    const readShare =
      this.limit < Number.POSITIVE_INFINITY ? Math.max(read / this.limit, this.readShare ?? 0) : this.readShare;
    const share =
      readShare === undefined || read === 0 ? undefined : Math.min(1, readShare) * (1 - pending / (read + extra));
    // What comes before the first result, such as the way to where a run is gone on with, tells nothing of its pace.
    const goesOn = share !== undefined && read + extra - pending > this.#doneBefore;
    return { ...counts, perSecond, share, eta: goesOn ? this.#eta.next(share) : undefined };
  }

  /** Where every record is after a run that has ended early: what was not committed is still to be done. */
  committed(): RunProgress {
    if (this.run === undefined) return this.progress();
    const { stages, ...run } = progressOf(this.run.committed, this.records + this.#unread);
    const told = stages.map((stage, place) => ({ ...stage, lastReject: this.#stages[place]?.lastReject }));
    return { ...run, stages: told, lastReject: this.lastReject };
  }

  #balance(): RunProgress {
    const { unwritable, out } = this.run?.counts ?? { unwritable: this.#unwritable, out: this.out };
    const stages = this.#stages.map(({ given, ...stage }, place) => {
      const taken = place === 0 ? this.records : (this.#stages[place - 1] as { given: number }).given;
      return { ...stage, taken, given, inFlight: taken + stage.extra - given - stage.rejected, perSecond: 0 };
    });
    const seconds = this.run?.seconds ?? (performance.now() - this.#startedMs) / 1000;
    const { lastReject } = this;
    return balance(this.records + this.#unread, { unread: this.#unread, out, unwritable }, stages, {
      seconds,
      lastReject,
    });
  }
}

/** Where the records of a run are by its last commit; `read`: how many items were read, those finished where absent. */
export function progressOf({ counts, finished, seconds }: RunState, read?: number): RunProgress {
  const items = new OrdinalSet(finished).size;
  const records = items - counts.unread;
  const given = recordsGiven(counts, records);
  const stages = counts.stages.map((stage, place) => {
    const taken = place === 0 ? records : (given[place - 1] as number);
    return { ...stage, taken, given: given[place] as number, inFlight: 0, perSecond: 0, lastReject: undefined };
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
