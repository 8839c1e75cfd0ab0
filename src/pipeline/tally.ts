import { type Operator, operator } from '../flow/operator.js';
import type { DataRecord, Reject } from '../record.js';
import type { CheckpointedRun } from './checkpointedRun.js';
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
  lastReject: Reject | undefined;
  /** All sessions together. */
  seconds: number;
}

/** Counts where the records of a run are; of one that is gone on with, together with what was done before. */
export class Tally {
  records = 0;
  out = 0;
  lastReject: Reject | undefined;
  #unread = 0;
  #unwritable = 0;
  readonly #startedMs = performance.now();
  readonly #stages: { name: string; given: number; rejected: number; extra: number }[];

  constructor(
    names: string[],
    private readonly run: CheckpointedRun | undefined,
  ) {
    const { counts } = run ?? {};
    const finished = run?.settler.finished.size ?? 0;
    this.#unread = counts?.unread ?? 0;
    this.records = finished - this.#unread;
    const given = counts && recordsGiven(counts, this.records);
    this.#stages = names.map((name, place) => ({
      ...{ name, rejected: 0, extra: 0, ...counts?.stages[place] },
      given: given?.[place] ?? 0,
    }));
  }

  /** Counts a reject of a stage, by its place: -1 the source, one after the last stage the sink. */
  reject(place: number, reject: Reject): void {
    this.lastReject = reject;
    const stage = this.#stages[place];
    if (stage !== undefined) stage.rejected += 1;
    else if (place < 0) this.#unread += 1;
    else this.#unwritable += 1;
  }

  extra(place: number, count: number): void {
    (this.#stages[place] as { extra: number }).extra += count;
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
    const { unwritable, out } = this.run?.counts ?? { unwritable: this.#unwritable, out: this.out };
    const stages = this.#stages.map(({ given, ...stage }, place) => {
      const taken = place === 0 ? this.records : (this.#stages[place - 1] as { given: number }).given;
      return { ...stage, taken, given, inFlight: taken + stage.extra - given - stage.rejected };
    });
    const seconds = this.run?.seconds ?? (performance.now() - this.#startedMs) / 1000;
    const { lastReject } = this;
    return balance(this.records + this.#unread, { unread: this.#unread, out, unwritable }, stages, {
      seconds,
      lastReject,
    });
  }

  /** Where every record is after a run that has ended early: what was not committed is still to be done. */
  committed(): RunProgress {
    if (this.run === undefined) return this.progress();
    return { ...progressOf(this.run.committed, this.records + this.#unread), lastReject: this.lastReject };
  }
}

/** Where the records of a run are by its last commit; `read`: how many items were read, those finished where absent. */
export function progressOf({ counts, finished, seconds }: RunState, read?: number): RunProgress {
  const items = new OrdinalSet(finished).size;
  const records = items - counts.unread;
  const given = recordsGiven(counts, records);
  const stages = counts.stages.map((stage, place) => {
    const taken = place === 0 ? records : (given[place - 1] as number);
    return { ...stage, taken, given: given[place] as number, inFlight: 0 };
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
  return { in: read, out, rejected, extra, pending: read + extra - out - rejected, stages, ...more };
}
