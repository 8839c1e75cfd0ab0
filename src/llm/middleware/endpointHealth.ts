import { ModelError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import { type OptionsOf, withDefaults } from '../../util/options.js';
import type { ChatModel } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import { BackoffHold } from '../limits/backoffHold.js';
import { CircuitBreaker, type CircuitBreakerOptions } from '../limits/circuitBreaker.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { type environmentOptions, healthOptions } from '../options.js';

export interface EndpointHealthOptions
  extends OptionsOf<typeof healthOptions>,
    Pick<OptionsOf<typeof environmentOptions>, 'clock' | 'onNotice'>,
    Pick<CircuitBreakerOptions, 'trips' | 'tripsInARow'> {
  /** Returns true while other servers do the work: then one that was never reached is tried again and again. */
  othersWork?: (() => boolean) | undefined;
}

/** Shorter holds are not announced. */
const ANNOUNCED_HOLD_MS = 10_000;
/** A server that no call has ever reached is given up after this many failed probes. */
const MAX_UNREACHED_PROBES = 5;

/**
 * The health of one server, which all calls to it share: the hold it asked for, whether it works at all, and the error that
 * ended the run. It learns from each attempt as it ends, before the next can be sent.
 */
export class EndpointHealth {
  readonly #maxHoldMs: number;
  readonly #deadAfterMs: number;
  readonly #provenAfter: number;
  readonly #fatalInARow: number;
  readonly #badRequestsInARow: number;
  readonly #clock: Clock;
  readonly #hold: BackoffHold;
  readonly #breaker: CircuitBreaker;
  readonly #onNotice: (message: string) => void;
  readonly #othersWork: () => boolean;
  readonly #stop = new AbortController();
  #holdReason = '';
  #inFlight = 0;
  #successes = 0;
  #fatalAnswers = 0;
  #badRequests = 0;
  #faultsSinceMs: number | undefined;
  #lastFaultMs = 0;

  constructor(options: EndpointHealthOptions = {}) {
    const { clock = systemClock, onNotice = () => {}, othersWork = () => false, trips, tripsInARow } = options;
    const settings = withDefaults(healthOptions, options);
    this.#maxHoldMs = settings.maxHoldMs;
    this.#deadAfterMs = settings.deadAfterMs;
    this.#provenAfter = settings.provenAfter;
    this.#fatalInARow = settings.fatalInARow;
    this.#badRequestsInARow = settings.badRequestsInARow;
    this.#clock = clock;
    this.#hold = new BackoffHold(clock, settings);
    this.#breaker = new CircuitBreaker(clock, { ...settings, trips, tripsInARow });
    this.#onNotice = onNotice;
    this.#othersWork = othersWork;
  }

  /** Aborted, with the ModelError as its reason, once no new call may be sent. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get everSucceeded(): boolean {
    return this.#successes > 0;
  }

  /** The number of attempts in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** True while calls are sent only as probes. */
  get isTripped(): boolean {
    return this.#breaker.isTripped;
  }

  /** Returns the milliseconds until a call may be sent; ask again then. 0 or less: now. */
  readyInMs(): number {
    return Math.max(this.#hold.remainingMs(), this.#breaker.readyInMs());
  }

  /** The reason that no call may be sent now, and for how many milliseconds at least; undefined if one may. */
  get held(): { ms: number; reason: string } | undefined {
    const ms = this.readyInMs();
    if (ms <= 0) return undefined;
    return { ms, reason: this.isTripped ? 'most calls fail, so one at a time is tried' : this.#holdReason };
  }

  /**
   * Sends no attempt of a model while the endpoint is held, probed or stopped: that throws an AttemptError of fault
   * `not-sent`. It is the wrapper next to the adapter, after the waits of `rateLimit`.
   */
  guard(model: ChatModel): ChatModel {
    return {
      name: model.name,
      complete: async (request, options = {}) => {
        throwIfAborted(options.signal, this.stopped);
        if (this.readyInMs() > 0) throw new AttemptError('not-sent', { host: model.name });
        return await this.attempt(() => model.complete(request, options));
      },
    };
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
      if (error instanceof ModelError) this.stop(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
      if (isProbe) this.#breaker.leave();
    }
  }

  succeeded(): void {
    this.#successes += 1;
    this.#fatalAnswers = 0;
    this.#faultsSinceMs = undefined;
    this.#hold.succeeded();
    this.#breaker.succeeded();
  }

  /** Learns from a failed attempt; it may stop the endpoint. */
  failed(failure: AttemptError): void {
    // An answer that cannot be used is still an answer; an error that reports its tokens is not.
    if (isAnswer(failure)) this.succeeded();
    const verdict = classify(failure);
    const { reason } = verdict;
    switch (verdict.action) {
      case 'stop':
        this.#noteFatalAnswer(new ModelError(reason, { status: failure.status, hint: verdict.hint, cause: failure }));
        break;
      case 'reject':
        if (verdict.badRequest) this.#noteBadRequest(reason, failure);
        break;
      case 'hold':
        this.#beginHold(failure, verdict.forMs);
        this.#noteTransientFault(reason);
        break;
      case 'wait':
        this.#noteTransientFault(reason);
        break;
      case 'retry':
        if (this.#breaker.failed())
          this.#onNotice(`${reason}; most calls fail: one at a time is tried until one succeeds`);
        if (verdict.unreached && this.#breaker.failedProbes >= MAX_UNREACHED_PROBES) this.neverReached(failure);
        this.#noteTransientFault(reason);
    }
  }

  /** Sends no call for `ms`: one of the server's limits is nearly used up. */
  pause(ms: number): void {
    if (ms <= 0) return;
    this.#holdReason = 'its rate limit is used up';
    this.#hold.begin(ms);
  }

  /** Stops the endpoint, unless a call has reached it before or other endpoints do the work. */
  neverReached(failure: AttemptError): void {
    if (this.everSucceeded || this.#othersWork()) return;
    const hint = 'check the base URL, and that the server is running and can be reached from here';
    this.stop(new ModelError(`${failure.message}; no call has reached it yet`, { hint, cause: failure }));
  }

  /** Sends no call any more; if there are several errors, the first counts. */
  stop(error: ModelError): void {
    this.#stop.abort(error);
  }

  #beginHold({ host, status }: AttemptError, forMs: number | undefined): void {
    this.#holdReason = `it answered ${status}`;
    const heldMs = this.#hold.begin(forMs) ?? 0;
    if (heldMs >= ANNOUNCED_HOLD_MS)
      this.#onNotice(`${host} limits the rate: no call for ${Math.round(heldMs / 1000)} s`);
  }

  /** Notes a transient fault; stops the endpoint if there has been nothing else for too long. */
  #noteTransientFault(reason: string): void {
    const now = this.#clock.now();
    // A pause that no hold explains, as with a slow source, ends a row of faults.
    const silenceMs = Math.max(this.#deadAfterMs / 2, 1.1 * this.#maxHoldMs);
    if (now - this.#lastFaultMs > silenceMs) this.#faultsSinceMs = undefined;
    this.#lastFaultMs = now;
    this.#faultsSinceMs ??= now;
    if (now - this.#faultsSinceMs <= this.#deadAfterMs) return;
    const minutes = Math.round(this.#deadAfterMs / 60_000);
    this.stop(
      new ModelError(`no success for ${minutes} minutes; last: ${reason}`, { hint: 'run again once the server is up' }),
    );
  }

  /** Notes an answer that means no call can work. A proven endpoint stops only at the third in a row. */
  #noteFatalAnswer(error: ModelError): void {
    this.#fatalAnswers += 1;
    if (this.#successes < this.#provenAfter || this.#fatalAnswers >= this.#fatalInARow) this.stop(error);
  }

  /** Notes a request that was refused as invalid. If the first 20 all were, it is not the records' fault. */
  #noteBadRequest(reason: string, cause: unknown): void {
    this.#badRequests += 1;
    if (this.#successes > 0 || this.#badRequests < this.#badRequestsInARow) return;
    const hint = 'check the model, its options and the prompt: no request has succeeded yet';
    const message = `the first ${this.#badRequests} requests were refused; last: ${reason}`;
    this.stop(new ModelError(message, { hint, cause, resumable: false }));
  }
}

function isAnswer({ fault, usage }: AttemptError): boolean {
  return usage !== undefined && fault !== 'status' && fault !== 'finish-error';
}
