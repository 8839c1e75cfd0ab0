import { ModelError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import { formatSeconds } from '../../util/formatNumbers.js';
import { messageKind } from '../../util/messageKind.js';
import { type OptionsOf, withDefaults } from '../../util/options.js';
import type { ChatModel } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import { BackoffHold } from '../limits/backoffHold.js';
import { CircuitBreaker, type CircuitBreakerOptions } from '../limits/circuitBreaker.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { LearnedRate } from '../limits/learnedRate.js';
import { LimitPressure } from '../limits/limitPressure.js';
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
/** Shorter waits after a lone 429 hold its own call alone. */
const MAX_LONE_WAIT_MS = 1000;
/**
 * The shortest hold by a limit that is in force, however short the wait that it names: calls that all come back at once are all
 * but one refused again. Shorter ones are enough once the rate is known, and calls are paced by it.
 */
const SHORTEST_HOLD_MS = 1000;
const SHORTEST_PACED_HOLD_MS = 250;
/** The first hold by a limit that names no time, once calls are paced. */
const FIRST_PACED_HOLD_MS = 500;
/** Tries at an address that has answered nothing but pages, after which it is given up. */
const FOREIGN_TRIES = 3;
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
  readonly #pressure: LimitPressure;
  /** The rate that limits without headers admit. */
  readonly learnedRate: LearnedRate;
  readonly #onNotice: (message: string) => void;
  readonly #othersWork: () => boolean;
  readonly #stop = new AbortController();
  #holdReason = '';
  #isLoneLimit = false;
  #inFlight = 0;
  #successes = 0;
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  #fatalAnswers = 0;
  /** Requests refused in a row, and of those the last ones that were refused in the same words. */
  #badRequests = 0;
  #sameRefusals = 0;
  #refusalKind = '';
  /** Pages that were answered before the first success. */
  #tries = 0;
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
    this.#pressure = new LimitPressure(clock);
    this.learnedRate = new LearnedRate(clock);
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

  /** True if the last answer that limited calls was a lone one. */
  get isLoneLimit(): boolean {
    return this.#isLoneLimit;
  }

  /** True if the server has worked, or a call in flight may still show that it does. */
  get mayWork(): boolean {
    return this.everSucceeded || this.#inFlight > 0;
  }

  succeededSince(ms: number): boolean {
    return this.#lastSuccessMs > ms;
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
    return { ms, reason: this.#holdReason };
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
    this.learnedRate.sent();
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
    this.#lastSuccessMs = this.#clock.now();
    this.#fatalAnswers = 0;
    this.#badRequests = 0;
    this.#sameRefusals = 0;
    this.#pressure.answered();
    this.#faultsSinceMs = undefined;
    this.#hold.succeeded();
    this.#breaker.succeeded();
  }

  /** Learns from a failed attempt; it may stop the endpoint. */
  failed(failure: AttemptError): void {
    // An answer that cannot be used is still an answer; an error that reports its tokens is not.
    const verdict = classify(failure);
    const { reason } = verdict;
    if (isAnswer(failure)) this.succeeded();
    else if (verdict.action !== 'hold' && verdict.action !== 'away') this.#pressure.answered();
    switch (verdict.action) {
      case 'stop':
        this.#noteFatalAnswer(new ModelError(reason, { status: failure.status, hint: verdict.hint, cause: failure }));
        break;
      case 'reject':
        if (verdict.badRequest) this.#noteBadRequest(reason, failure);
        break;
      case 'hold':
        this.#noteLimit(failure, verdict.forMs);
        this.#noteTransientFault(reason);
        break;
      case 'away':
        if (!this.everSucceeded) this.#noteUnproven(failure, verdict);
        else if (!verdict.unreached) this.#noteLimit(failure, verdict.forMs);
        else if (this.#breaker.trip()) this.#noteProbing(reason, 'the server cannot be reached');
        this.#noteTransientFault(reason);
        break;
      case 'wait':
        this.#noteTransientFault(reason);
        break;
      case 'retry':
        if (!this.everSucceeded) this.#noteUnproven(failure, verdict);
        else if (this.#breaker.failed()) this.#noteProbing(reason, 'most calls fail');
        this.#noteTransientFault(reason);
    }
  }

  /** Sends no call for `ms`: one of the server's limits is nearly used up. */
  pause(ms: number): void {
    if (ms <= 0) return;
    this.#holdReason = 'its rate limit is used up';
    this.#hold.begin(ms);
  }

  /** Stops the endpoint, unless a call to it has succeeded before or other endpoints do the work. */
  giveUp(failure: AttemptError): void {
    if (this.everSucceeded || this.#othersWork()) return;
    const problem = failure.fault === 'connect' ? 'no call has reached it yet' : 'no call has succeeded yet';
    const hint = 'check the base URL, and that the server is running and can be reached from here';
    this.stop(new ModelError(`${failure.message}; ${problem}`, { status: failure.status, hint, cause: failure }));
  }

  /** Sends no call any more; if there are several errors, the first counts. */
  stop(error: ModelError): void {
    this.#stop.abort(error);
  }

  /** Notes that calls are limited: holds them all, unless it is a lone answer whose own call can wait. */
  #noteLimit(failure: AttemptError, forMs: number | undefined): void {
    const { host, status, message } = failure;
    const isLone = this.#pressure.limited();
    this.#isLoneLimit = isLone;
    const isTooFar = forMs !== undefined && forMs > this.#maxHoldMs;
    if (isTooFar) {
      const problem = `the limit resets in ${formatSeconds(forMs / 1000)}, longer than a run waits (${formatSeconds(this.#maxHoldMs / 1000)})`;
      const hint = 'run again after that, or use another key or model';
      this.#noteFatalAnswer(new ModelError(`${message}; ${problem}`, { status, hint, cause: failure }));
    }
    if (status === 429) this.learnedRate.limited(this.#pressure.isInForce);
    if (isLone && (status !== 429 || (forMs ?? 0) < MAX_LONE_WAIT_MS)) return;
    this.#holdReason = `it answered ${status}`;
    const heldMs = this.#beginHold(isTooFar ? undefined : forMs) ?? 0;
    if (heldMs < ANNOUNCED_HOLD_MS) return;
    const reason = status === 429 ? 'limits the rate' : `answers ${status}`;
    this.#onNotice(`${host} ${reason}: no call for ${Math.round(heldMs / 1000)} s`);
  }

  #beginHold(forMs: number | undefined): number | undefined {
    const { isPacing } = this.learnedRate;
    if (forMs === undefined) return this.#hold.begin(forMs, isPacing ? FIRST_PACED_HOLD_MS : undefined);
    if (!this.#pressure.isInForce) return this.#hold.begin(forMs);
    return this.#hold.begin(Math.max(forMs, isPacing ? SHORTEST_PACED_HOLD_MS : SHORTEST_HOLD_MS));
  }

  #noteProbing(reason: string, why: string): void {
    this.#holdReason = `${why}, so one at a time is tried`;
    this.#onNotice(`${reason}; ${why}: one at a time is tried until one succeeds`);
  }

  /** Notes a transient fault before the first success. An address that answers nothing but pages is given up after three. */
  #noteUnproven(failure: AttemptError, { foreign, unreached }: { foreign?: boolean; unreached?: boolean }): void {
    if (this.#breaker.failed()) this.#noteProbing(failure.message, 'most calls fail');
    if (unreached && this.#breaker.failedProbes >= MAX_UNREACHED_PROBES) this.giveUp(failure);
    // Calls that fail together are one try, and another call in flight may still succeed.
    if (!foreign || this.#inFlight > 1) return;
    this.#tries += 1;
    if (this.#tries >= FOREIGN_TRIES) this.giveUp(failure);
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

  /**
   * Notes a refusal that is not about its record. If 20 in a row are in the same words, or none of the first 20 requests is
   * accepted, every record would be refused.
   */
  #noteBadRequest(reason: string, cause: AttemptError): void {
    const kind = messageKind(reason);
    this.#sameRefusals = kind === this.#refusalKind ? this.#sameRefusals + 1 : 1;
    this.#refusalKind = kind;
    this.#badRequests += 1;
    const refused = this.everSucceeded ? this.#sameRefusals : this.#badRequests;
    if (refused < this.#badRequestsInARow) return;
    const which = this.everSucceeded
      ? `the last ${refused} requests were refused alike`
      : `the first ${refused} requests were refused`;
    const hint = this.everSucceeded
      ? 'fix what the server reports and run again; --retry-rejects then retries the records that were refused'
      : 'check the model, its options and the prompt: no request has succeeded yet';
    this.stop(new ModelError(`${which}; last: ${reason}`, { status: cause.status, hint, cause }));
  }
}

function isAnswer({ fault, usage }: AttemptError): boolean {
  return usage !== undefined && fault !== 'status' && fault !== 'finish-error';
}
