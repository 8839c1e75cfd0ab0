import { RejectError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import { addUsage, type ChatModel, type ChatRequest, type Completion, type Usage } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { AnswerCap } from './answerCap.js';
import type { Endpoint } from './endpointHealth.js';
import type { Route } from './loadBalance.js';

export interface RetryOptions {
  /** Attempts a call may spend (6). Holds, waits for a loading model and replays cost none. */
  maxAttempts?: number | undefined;
  /** The first pause between attempts is up to this long, in milliseconds (500); the next up to twice that, and so on. */
  baseDelayMs?: number | undefined;
  /** The longest such pause, in milliseconds (60,000). */
  maxDelayMs?: number | undefined;
  /** The longest pause that a server may ask of one call, in milliseconds (600,000). */
  maxHoldMs?: number | undefined;
  /** How long a call puts up with 429s that name no time, in milliseconds (900,000). */
  rateLimitPatienceMs?: number | undefined;
  /** How long a call waits for a model that loads, in milliseconds (600,000). */
  loadingPatienceMs?: number | undefined;
  /** The pause before a loading model is asked again, in milliseconds (5,000). */
  loadingDelayMs?: number | undefined;
  clock?: Clock | undefined;
  /** A number from 0 to 1, for the jitter (Math.random). */
  random?: (() => number) | undefined;
}

/**
 * Asks again where that can help, by the taxonomy of classify.ts, with full jitter between attempts. Rejects with
 * RejectError where this record cannot be done (attempts used up included) and with ModelError where none can; after a
 * ModelError no call goes out any more, while those in flight may still end well.
 */
export function retry(route: Route, options: RetryOptions = {}): ChatModel {
  return {
    name: route.name,
    complete: (request, { signal } = {}) => new Call(route, options, request, signal).run(),
  };
}

/** There are fewer parameters that a server could refuse one after the other. */
const mostReplays = 20;

class Call {
  readonly #clock: Clock;
  #attempts = 0;
  /** Answers that were paid for and could not be used. */
  #answers = 0;
  #jsonFailures = 0;
  #replays = 0;
  #billed: Usage | undefined;
  #limitedSince: number | undefined;
  #loadingSince: number | undefined;
  readonly #cap = new AnswerCap();
  /** The server of the last attempt. */
  private endpoint: Endpoint;

  constructor(
    private readonly route: Route,
    private readonly options: RetryOptions,
    private request: ChatRequest,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#clock = options.clock ?? systemClock;
    this.endpoint = route.endpointOf();
  }

  async run(): Promise<Completion> {
    for (;;) {
      try {
        const completion = await this.route.complete(this.request, { signal: this.signal });
        const usage = addUsage(this.#billed, completion.usage);
        return { ...completion, attempts: this.#attempts + 1, answers: this.#answers + 1, usage };
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        this.endpoint = this.route.endpointOf(error);
        await this.#recover(error).catch((end: unknown) => {
          if (!this.route.survives(end)) throw end;
        });
      }
    }
  }

  /** Returns when the call should be tried again, or throws what ends it. */
  async #recover(failure: AttemptError): Promise<void> {
    if (failure.usage !== undefined) {
      this.#billed = addUsage(this.#billed, failure.usage);
      this.#answers += 1;
    }
    const verdict = classify(failure);
    switch (verdict.action) {
      case 'replay':
        this.#replays += 1;
        if (this.#replays > mostReplays) throw this.#rejected(failure, `${verdict.reason}, whatever is changed`);
        if (!this.#cap.isNew(failure.highestCap ?? Number.POSITIVE_INFINITY)) throw this.#cutShort(failure);
        return;
      case 'stop':
        return this.#pause(failure, verdict.reason);
      case 'reject':
        this.#attempts += 1;
        if (verdict.badRequest) throwIfAborted(this.endpoint.stopped);
        throw this.#rejected(failure, verdict.reason, verdict.hint);
      case 'hold':
        return verdict.forMs === undefined ? this.#checkPatience(failure) : undefined;
      case 'wait':
        return this.#waitForLoading(failure, verdict.forMs);
      case 'lengthen':
        return this.#lengthen(failure);
      case 'shorten':
        return this.#shorten(failure, verdict.reason, verdict.hint, verdict.room);
      case 'retry':
        this.#checkAnswers(failure, verdict.reason);
        if (verdict.jsonMode) this.#suspectJsonMode();
        return this.#pause(failure, verdict.reason, verdict.afterMs, verdict.unreached);
    }
  }

  async #pause(failure: AttemptError, reason: string, afterMs = 0, unreached = false): Promise<void> {
    const { maxAttempts = 6, baseDelayMs = 500, maxDelayMs = 60_000, random = Math.random } = this.options;
    const { maxHoldMs: maxAfterMs = 600_000 } = this.options;
    throwIfAborted(this.endpoint.stopped);
    // While the server is only probed, no call is blamed for it: each waits for its turn.
    if (this.endpoint.isTripped) return;
    this.#attempts += 1;
    if (this.#attempts >= maxAttempts) {
      if (unreached) this.endpoint.neverReached(failure);
      throwIfAborted(this.endpoint.stopped);
      const times = maxAttempts === 1 ? '1 attempt' : `${maxAttempts} attempts`;
      throw this.#rejected(failure, `gave up after ${times}; last: ${reason}`);
    }
    const jitter = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#attempts - 1));
    await this.#clock.sleep(Math.max(jitter, Math.min(afterMs, maxAfterMs)), this.signal, this.endpoint.stopped);
  }

  /** The endpoint holds all calls; this one rejects where it has met nothing but such holds for too long. */
  #checkPatience(failure: AttemptError): void {
    const { rateLimitPatienceMs = 900_000 } = this.options;
    this.#limitedSince ??= this.#clock.now();
    if (this.#clock.now() - this.#limitedSince <= rateLimitPatienceMs) return;
    this.#attempts += 1;
    const minutes = rateLimitPatienceMs / 60_000;
    throw this.#rejected(failure, `rate-limited for ${minutes} minutes; last: ${failure.message}`);
  }

  async #waitForLoading(failure: AttemptError, forMs?: number): Promise<void> {
    const { loadingPatienceMs = 600_000, loadingDelayMs = 5000 } = this.options;
    const now = this.#clock.now();
    this.#loadingSince ??= now;
    if (now - this.#loadingSince > loadingPatienceMs) return this.#pause(failure, failure.message);
    await this.#clock.sleep(Math.min(forMs ?? loadingDelayMs, loadingPatienceMs), this.signal, this.endpoint.stopped);
  }

  #lengthen(failure: AttemptError): void {
    const met = failure.cap ?? this.request.maxTokens ?? failure.usage?.completionTokens;
    this.#checkAnswers(failure, `the answer did not fit its cap of ${met ?? 'unknown'} tokens`);
    this.#attempts += 1;
    const maxTokens = this.#cap.raised(met, failure.highestCap);
    if (maxTokens === undefined) throw this.#cutShort(failure);
    this.request = { ...this.request, maxTokens };
  }

  #cutShort(failure: AttemptError): RejectError {
    const hint = "raise the answer's cap (maxTokens), or take a model that writes longer answers";
    return this.#rejected(failure, `the answer did not fit its cap of ${this.#cap.cutAt || 'unknown'} tokens`, hint);
  }

  /** Rejects where all the answers that may be paid for have been. */
  #checkAnswers(failure: AttemptError, reason: string): void {
    const { maxAnswers = Number.POSITIVE_INFINITY } = this.request;
    if (failure.usage === undefined || this.#answers < maxAnswers) return;
    this.#attempts += 1;
    throw this.#rejected(failure, `${reason}; no further answer may be paid for`);
  }

  /** From the second such failure on the prompt alone asks for JSON: a model may write nothing else in a JSON mode. */
  #suspectJsonMode(): void {
    this.#jsonFailures += 1;
    if (this.#jsonFailures >= 2) this.request = { ...this.request, schema: undefined };
  }

  #shorten(failure: AttemptError, reason: string, hint: string, room?: number): void {
    this.#attempts += 1;
    const maxTokens = this.#cap.lowered(this.request.maxTokens, room);
    if (maxTokens === undefined) throw this.#rejected(failure, reason, hint);
    this.request = { ...this.request, maxTokens };
  }

  #rejected(failure: AttemptError, reason: string, hint?: string): RejectError {
    return new RejectError(reason, { attempts: this.#attempts, answer: failure.answer, cause: failure, hint });
  }
}
