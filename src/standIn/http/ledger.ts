import { UsageError } from '../../errors.js';

/** One call, as the server saw it. Times are in milliseconds since the server started. */
export interface LedgerCall {
  /** Its index among all calls, from 0. */
  index: number;
  /** Hash of the record's content: the same for every call about one record. */
  key: string;
  /** Which call about this record it is, from 1. */
  callNumber: number;
  startMs: number;
  endMs: number | undefined;
  /** Calls in flight when it arrived, itself included. */
  inFlight: number;
  /** Its fault; undefined for a plain answer. */
  fault: string | undefined;
  /** The HTTP status; undefined if none was sent. */
  status: number | undefined;
  promptTokens: number;
  completionTokens: number;
  /** True if the client could learn how many tokens it was billed. */
  told: boolean;
  authorization: string | undefined;
  /** The request's body, except for its messages. */
  parameters: Record<string, unknown>;
}

/** The sums of all calls. Times are in milliseconds since the server started. */
export interface LedgerSums {
  nowMs: number;
  calls: number;
  /** Records asked about: calls that were the first about their record. */
  records: number;
  inFlight: number;
  peakInFlight: number;
  /** The integral of the calls in flight over time. */
  busyMs: number;
  firstStartMs: number;
  /** When the first call about the last record came: from then on the input was exhausted. */
  lastRecordMs: number;
  /** `busyMs` at that time. */
  busyMsAtLastRecord: number;
  /** Tokens of the calls that reported them to the client. */
  promptTokens: number;
  completionTokens: number;
  /** Calls that may have been billed without reporting it to the client. */
  untoldCalls: number;
  /** Calls that arrived in the second half of a wait that the server had asked for. */
  callsInHolds: number;
  /** Calls by HTTP status; `none` for calls without one. */
  statuses: Record<string, number>;
  /** Calls by fault. */
  faults: Record<string, number>;
}

const DEFAULT_KEEP_CALLS = 10_000;
const MAX_HOLDS = 1000;

/** The record of what the server did: the sums of all calls, and the latest calls in full. */
export class Ledger {
  /** The latest calls, the oldest first; all calls if there were no more than `keepCalls`. */
  readonly calls: LedgerCall[] = [];
  readonly #keepCalls: number;
  readonly #startedAt = performance.now();
  readonly #sums: LedgerSums = {
    nowMs: 0,
    calls: 0,
    records: 0,
    inFlight: 0,
    peakInFlight: 0,
    busyMs: 0,
    firstStartMs: 0,
    lastRecordMs: 0,
    busyMsAtLastRecord: 0,
    promptTokens: 0,
    completionTokens: 0,
    untoldCalls: 0,
    callsInHolds: 0,
    statuses: {},
    faults: {},
  };
  #holds: { halfwayMs: number; untilMs: number }[] = [];
  readonly #inHolds: LedgerCall[] = [];

  /** Keeps the latest `keepCalls` calls in full, up to twice that. */
  constructor({ keepCalls = DEFAULT_KEEP_CALLS }: { keepCalls?: number | undefined } = {}) {
    this.#keepCalls = keepCalls;
  }

  get inFlight(): number {
    return this.#sums.inFlight;
  }

  get peakInFlight(): number {
    return this.#sums.peakInFlight;
  }

  now(): number {
    return performance.now() - this.#startedAt;
  }

  open(authorization: string | undefined): LedgerCall {
    const sums = this.#advance();
    const startMs = sums.nowMs;
    if (sums.calls === 0) sums.firstStartMs = startMs;
    sums.inFlight += 1;
    sums.peakInFlight = Math.max(sums.peakInFlight, sums.inFlight);
    const call: LedgerCall = {
      index: sums.calls,
      key: '',
      callNumber: 0,
      startMs,
      endMs: undefined,
      inFlight: sums.inFlight,
      fault: undefined,
      status: undefined,
      promptTokens: 0,
      completionTokens: 0,
      told: true,
      authorization,
      parameters: {},
    };
    sums.calls += 1;
    this.calls.push(call);
    if (this.calls.length > 2 * this.#keepCalls) this.calls.splice(0, this.calls.length - this.#keepCalls);
    if (this.#holds.some(({ halfwayMs, untilMs }) => startMs > halfwayMs && startMs < untilMs)) {
      sums.callsInHolds += 1;
      this.#inHolds.push(call);
      if (this.#inHolds.length > 2 * MAX_HOLDS) this.#inHolds.splice(0, MAX_HOLDS);
    }
    return call;
  }

  /** Records which record a call is about, and which call about that record it is. */
  name(call: LedgerCall, key: string, callNumber: number): void {
    Object.assign(call, { key, callNumber });
    if (callNumber !== 1) return;
    const sums = this.#advance();
    sums.records += 1;
    sums.lastRecordMs = sums.nowMs;
    sums.busyMsAtLastRecord = sums.busyMs;
  }

  /** Ends a call, whose status and tokens must be set by now. Does nothing for a call that has ended. */
  end(call: LedgerCall): void {
    if (call.endMs !== undefined) return;
    const sums = this.#advance();
    call.endMs = sums.nowMs;
    sums.inFlight -= 1;
    const { told, promptTokens, completionTokens, status = 'none', fault } = call;
    if (told) {
      sums.promptTokens += promptTokens;
      sums.completionTokens += completionTokens;
    } else sums.untoldCalls += 1;
    sums.statuses[status] = (sums.statuses[status] ?? 0) + 1;
    if (fault !== undefined) sums.faults[fault] = (sums.faults[fault] ?? 0) + 1;
  }

  /** Records that the server asked its clients to wait. */
  hold(ms: number): void {
    const fromMs = this.now();
    const live = this.#holds.filter(({ untilMs }) => untilMs > fromMs).slice(-MAX_HOLDS);
    this.#holds = [...live, { halfwayMs: fromMs + ms / 2, untilMs: fromMs + ms }];
  }

  sums(): LedgerSums {
    const sums = this.#advance();
    return { ...sums, statuses: { ...sums.statuses }, faults: { ...sums.faults } };
  }

  /** Tokens billed, and the number of calls that did not report theirs. */
  billed(): { promptTokens: number; completionTokens: number; untold: number } {
    const { promptTokens, completionTokens, untoldCalls: untold } = this.#sums;
    return { promptTokens, completionTokens, untold };
  }

  /**
   * The share of the time of `slots` slots that calls were in flight, from the first call until the first call about the last
   * record, while there was work for every slot. With `untilMs`, until then; the ledger must have kept all its calls.
   *
   * @throws UsageError if it has not
   */
  utilisation(slots: number, untilMs?: number): number {
    const { firstStartMs, lastRecordMs, busyMsAtLastRecord } = this.#sums;
    const ms = (untilMs ?? lastRecordMs) - firstStartMs;
    if (ms <= 0) return 0;
    return (untilMs === undefined ? busyMsAtLastRecord : this.#busyMsUntil(untilMs)) / (slots * ms);
  }

  /**
   * The latest calls that arrived in the second half of a hold. A call in the first half may have been on its way when the
   * server asked for the hold. On a busy machine that takes 100 ms and more, so use long holds.
   */
  callsInHolds(): LedgerCall[] {
    return this.#inHolds;
  }

  #busyMsUntil(untilMs: number): number {
    if (this.calls.length < this.#sums.calls) {
      throw new UsageError('the ledger keeps only the latest calls', { hint: 'start it with keepCalls: Infinity' });
    }
    const busyMs = ({ startMs, endMs = untilMs }: LedgerCall) => Math.max(0, Math.min(endMs, untilMs) - startMs);
    return this.calls.reduce((sum, call) => sum + busyMs(call), 0);
  }

  /** Updates the time, and the integral over it. */
  #advance(): LedgerSums {
    const sums = this.#sums;
    const nowMs = this.now();
    sums.busyMs += sums.inFlight * (nowMs - sums.nowMs);
    sums.nowMs = nowMs;
    return sums;
  }
}
