import { ModelError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import type { ChatModel } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import { Hold, type HoldOptions } from '../limits/backoffHold.js';
import { Breaker, type BreakerOptions } from '../limits/circuitBreaker.js';
import { type Clock, systemClock } from '../limits/clock.js';

export interface EndpointOptions extends HoldOptions, BreakerOptions {
  /** Passing faults without one success for so long stop the run, in milliseconds (1,800,000). */
  deadAfterMs?: number | undefined;
  /** After so many successes (100) it takes `fatalInARow` (3) fatal answers in a row to stop the run, before only one. */
  provenAfter?: number | undefined;
  fatalInARow?: number | undefined;
  /** So many requests found wrong before the first success stop the run (20). */
  badRequestsInARow?: number | undefined;
  /** True while other servers do the work: then one that was never reached is tried on. */
  othersWork?: (() => boolean) | undefined;
  clock?: Clock | undefined;
  /** Told what a user should know: that the server asked to wait, or fails. */
  onNotice?: ((message: string) => void) | undefined;
}

/** Shorter holds are no news. */
const tellingHoldMs = 10_000;
/** After so many failed probes of a server that no call has ever reached, it is not there. */
const hopelessProbes = 5;

/**
 * What all calls to one server share: the hold it asked for, whether it works at all, and the error that ended the run.
 * It learns from each attempt as it ends, before another one can go out.
 */
export class Endpoint {
  readonly #maxHoldMs: number;
  readonly #deadAfterMs: number;
  readonly #provenAfter: number;
  readonly #fatalInARow: number;
  readonly #badRequestsInARow: number;
  readonly #clock: Clock;
  readonly #hold: Hold;
  readonly #breaker: Breaker;
  readonly #onNotice: (message: string) => void;
  readonly #othersWork: () => boolean;
  readonly #stop = new AbortController();
  #heldBy = '';
  #inFlight = 0;
  #successes = 0;
  #fatal = 0;
  #badRequests = 0;
  #troubleSince: number | undefined;
  #troubleLast = 0;

  constructor(options: EndpointOptions = {}) {
    this.#maxHoldMs = options.maxHoldMs ?? 600_000;
    this.#deadAfterMs = options.deadAfterMs ?? 1_800_000;
    this.#provenAfter = options.provenAfter ?? 100;
    this.#fatalInARow = options.fatalInARow ?? 3;
    this.#badRequestsInARow = options.badRequestsInARow ?? 20;
    this.#clock = options.clock ?? systemClock;
    this.#hold = new Hold(this.#clock, options);
    this.#breaker = new Breaker(this.#clock, options);
    this.#onNotice = options.onNotice ?? (() => {});
    this.#othersWork = options.othersWork ?? (() => false);
  }

  /** Aborted, with the ModelError as its reason, once no new call may go out. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get everSucceeded(): boolean {
    return this.#successes > 0;
  }

  /** Attempts under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** True while calls go out as probes only. */
  get isTripped(): boolean {
    return this.#breaker.isTripped;
  }

  /** Milliseconds until a call may go out; then ask again. 0 and below: now. */
  readyInMs(): number {
    return Math.max(this.#hold.leftMs(), this.#breaker.readyInMs());
  }

  /** Why no call may go out now, and for how many milliseconds at least; undefined where one may. */
  get held(): { ms: number; reason: string } | undefined {
    const ms = this.readyInMs();
    if (ms <= 0) return undefined;
    return { ms, reason: this.isTripped ? 'most calls fail, so one at a time is tried' : this.#heldBy };
  }

  /** Makes an attempt and learns from how it ends. */
  async attempt<T>(make: () => Promise<T>): Promise<T> {
    const isProbe = this.#breaker.enter();
    this.#inFlight += 1;
    try {
      const result = await make();
      this.succeeded();
      return result;
    } catch (error) {
      if (error instanceof AttemptError) this.failed(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
      if (isProbe) this.#breaker.leave();
    }
  }

  succeeded(): void {
    this.#successes += 1;
    this.#fatal = 0;
    this.#troubleSince = undefined;
    this.#hold.succeeded();
    this.#breaker.succeeded();
  }

  /** Learns from a failed attempt; it may stop the endpoint. */
  failed(failure: AttemptError): void {
    // An answer that was of no use was still an answer. An error that tells its tokens is none.
    if (isAnswer(failure)) this.succeeded();
    const verdict = classify(failure);
    const { reason } = verdict;
    switch (verdict.action) {
      case 'stop':
        this.#refused(new ModelError(reason, { status: failure.status, hint: verdict.hint, cause: failure }));
        break;
      case 'reject':
        if (verdict.badRequest) this.#foundWrong(reason, failure);
        break;
      case 'hold':
        this.#limited(failure, verdict.forMs);
        this.#troubled(reason);
        break;
      case 'wait':
        this.#troubled(reason);
        break;
      case 'retry':
        if (this.#breaker.failed())
          this.#onNotice(`${reason}; most calls fail: one at a time is tried until one works`);
        if (verdict.unreached && this.#breaker.failedProbes >= hopelessProbes) this.neverReached(failure);
        this.#troubled(reason);
    }
  }

  /** No call goes out for `ms`: one of the server's limits is nearly used up. */
  pause(ms: number): void {
    if (ms <= 0) return;
    this.#heldBy = 'a limit that it names is used up';
    this.#hold.begin(ms);
  }

  /** Stops the endpoint, unless a call has reached it before or others do the work. */
  neverReached(failure: AttemptError): void {
    if (this.everSucceeded || this.#othersWork()) return;
    const hint = 'check the base URL, and that the server runs and can be reached from here';
    this.stop(new ModelError(`${failure.message}; no call has reached it yet`, { hint, cause: failure }));
  }

  /** From now on no call goes out; the first error counts. */
  stop(error: ModelError): void {
    this.#stop.abort(error);
  }

  #limited({ host, status }: AttemptError, forMs: number | undefined): void {
    this.#heldBy = `it answered ${status}`;
    const heldMs = this.#hold.begin(forMs) ?? 0;
    if (heldMs >= tellingHoldMs) this.#onNotice(`${host} limits the rate: no call for ${Math.round(heldMs / 1000)} s`);
  }

  /** No success, for a passing reason: it stops where there has been nothing else for too long. */
  #troubled(what: string): void {
    const now = this.#clock.now();
    // Faults with a silence between them that no hold explains, as of a slow source, are no row of faults.
    const silenceMs = Math.max(this.#deadAfterMs / 2, 1.1 * this.#maxHoldMs);
    if (now - this.#troubleLast > silenceMs) this.#troubleSince = undefined;
    this.#troubleLast = now;
    this.#troubleSince ??= now;
    if (now - this.#troubleSince <= this.#deadAfterMs) return;
    const minutes = Math.round(this.#deadAfterMs / 60_000);
    this.stop(new ModelError(`no success for ${minutes} minutes; last: ${what}`, { hint: 'run again once it is up' }));
  }

  /** An answer that means no call can work. An endpoint that has proved itself stops only at the third in a row. */
  #refused(error: ModelError): void {
    this.#fatal += 1;
    if (this.#successes < this.#provenAfter || this.#fatal >= this.#fatalInARow) this.stop(error);
  }

  /** A request that was found wrong. Where the first 20 all were, it is not the record's fault. */
  #foundWrong(reason: string, cause: unknown): void {
    this.#badRequests += 1;
    if (this.#successes > 0 || this.#badRequests < this.#badRequestsInARow) return;
    const hint = 'check the model, its options and the prompt: no request has worked yet';
    const message = `the first ${this.#badRequests} requests were refused; last: ${reason}`;
    this.stop(new ModelError(message, { hint, cause, resumable: false }));
  }
}

/**
 * Lets no attempt out while the endpoint is held, probed or stopped: that throws an AttemptError of fault `not-sent`. It
 * stands next to the adapter, after the waits of `limit`.
 */
export function gate(model: ChatModel, endpoint: Endpoint): ChatModel {
  return {
    name: model.name,
    async complete(request, options = {}) {
      throwIfAborted(options.signal, endpoint.stopped);
      if (endpoint.readyInMs() > 0) throw new AttemptError('not-sent', { host: model.name });
      return await endpoint.attempt(() => model.complete(request, options));
    },
  };
}

function isAnswer({ fault, usage }: AttemptError): boolean {
  return usage !== undefined && fault !== 'status' && fault !== 'finish-error';
}
