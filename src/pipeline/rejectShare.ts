import { ExitCode, RareflowError } from '../errors.js';
import type { Reject } from '../record.js';
import { messageKind } from '../util/messageKind.js';
import { number } from '../util/options.js';

/** The share of the last 200 records of a stage above which rejects for one and the same reason stop the run. */
export const maxRejectShareOption = number({
  min: 0,
  max: 1,
  help: 'stop, resumably, if a stage rejects over this share of its last 200 records for the same reason; 1 never does',
  default: 0.5,
  group: 'Output',
  shapesRecords: false,
});

/** Most records are rejected for one reason, so going on would only produce rejects. */
export class RejectShareError extends RareflowError {
  override readonly exitCode = ExitCode.stoppedResumable;
}

/** The records of a stage over which the share is measured. */
const RECENT_RECORDS = 200;
/** Fewer rejects of a short run, alike or not, are seen at a glance. */
const MIN_ALIKE = 20;

/** The last records that a stage has finished: of those rejected, the kind of the reason. */
interface StageWindow {
  /** A ring: the oldest is at `next`. */
  kinds: (string | undefined)[];
  next: number;
  counts: Map<string, { count: number; reason: string }>;
  /** Rejects whose work has not ended. */
  openRejects: number;
  reportsWork: boolean;
}

/**
 * Watches what share of the last 200 records of each stage was rejected for one and the same reason, and aborts `exceeded`
 * as soon as it is over `maxShare` of a full window.
 */
export class RejectShare {
  readonly #maxShare: number;
  readonly #windows: StageWindow[];
  readonly #exceeded = new AbortController();

  constructor(stages: number, maxShare: number) {
    this.#maxShare = maxShare;
    this.#windows = Array.from({ length: stages }, () => {
      return { kinds: [], next: 0, counts: new Map(), openRejects: 0, reportsWork: false };
    });
  }

  /** Aborted with a RejectShareError. */
  get exceeded(): AbortSignal {
    return this.#exceeded.signal;
  }

  /** A stage, by its index, rejected a record; the source and the sink have none. */
  rejected(stage: number, { stage: name, reason }: Reject): void {
    const window = this.#windows[stage];
    if (window === undefined) return;
    window.openRejects += 1;
    const kind = messageKind(reason);
    this.#note(window, kind);
    const known = window.counts.get(kind);
    window.counts.set(kind, { count: (known?.count ?? 0) + 1, reason });
    const { count } = window.counts.get(kind) as { count: number };
    if (window.kinds.length < RECENT_RECORDS || count <= this.#maxShare * RECENT_RECORDS) return;
    const which = `${name} rejected ${count} of the last ${RECENT_RECORDS} records for the same reason: ${reason}`;
    this.#exceeded.abort(new RejectShareError(which, { hint: `${FIX}, or raise --max-reject-share to go on` }));
  }

  /** A stage began (1) or ended (−1) work on a record. A record that was rejected meanwhile is counted already. */
  work(stage: number, change: 1 | -1): void {
    const window = this.#windows[stage] as StageWindow;
    window.reportsWork = true;
    if (change > 0) return;
    if (window.openRejects > 0) window.openRejects -= 1;
    else this.#note(window, undefined);
  }

  /** A stage passed on a record; this counts for operators that do not report their work. */
  given(stage: number): void {
    const window = this.#windows[stage] as StageWindow;
    if (!window.reportsWork) this.#note(window, undefined);
  }

  /** Returns the sentence for a stage that finished too few records for a full window and rejected most of them alike. */
  atEnd(): string | undefined {
    for (const { kinds, counts } of this.#windows) {
      if (kinds.length >= RECENT_RECORDS) continue;
      for (const { count, reason } of counts.values()) {
        if (count >= MIN_ALIKE && count > this.#maxShare * kinds.length)
          return `${count} of ${kinds.length} records were rejected for the same reason: ${reason}`;
      }
    }
    return undefined;
  }

  #note(window: StageWindow, kind: string | undefined): void {
    const { kinds, next, counts } = window;
    const oldest = kinds.length < RECENT_RECORDS ? undefined : kinds[next];
    if (oldest !== undefined) {
      const entry = counts.get(oldest);
      if (entry !== undefined && entry.count > 1) entry.count -= 1;
      else counts.delete(oldest);
    }
    kinds[next] = kind;
    window.next = (next + 1) % RECENT_RECORDS;
  }
}

const FIX = 'fix the cause and run again; --retry-rejects then retries what was rejected';
