import { ModelError, RejectError } from '../errors.js';
import { AnswerCap } from './answerCap.js';
import { AttemptError } from './attemptError.js';
import { addUsage, type ChatModel, type ChatRequest, type Completion, type Usage } from './chatModel.js';
import { classify } from './classify.js';
import { type Clock, systemClock } from './clock.js';
import { Endpoint } from './endpoint.js';

export interface RetryOptions {
  /** The hold, the health and the end of the server asked; shared with `gate` and, for its `stopped`, with `limit`. */
  endpoint?: Endpoint | undefined;
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
  /** Told what a user should know: that the server asked to wait. */
  onNotice?: ((message: string) => void) | undefined;
}

/** Shorter holds are no news. */
const tellingHoldMs = 10_000;

/**
 * Asks again where that can help, by the taxonomy of classify.ts, with full jitter between attempts. Rejects with
 * RejectError where this record cannot be done (attempts used up included) and with ModelError where none can; after a
 * ModelError no call goes out any more, while those in flight may still end well.
 */
export function retry(model: ChatModel, options: RetryOptions = {}): ChatModel {
  const { endpoint = new Endpoint({ clock: options.clock }) } = options;
  return {
    name: model.name,
    complete: (request, { signal } = {}) => new Call(model, endpoint, options, request, signal).run(),
  };
}

class Call {
  readonly #clock: Clock;
  #attempts = 0;
  /** Answers that were paid for and could not be used. */
  #answers = 0;
  #jsonFailures = 0;
  #billed: Usage | undefined;
  #limitedSince: number | undefined;
  #loadingSince: number | undefined;
  readonly #cap = new AnswerCap();

  constructor(
    private readonly model: ChatModel,
    private readonly endpoint: Endpoint,
    private readonly options: RetryOptions,
    private request: ChatRequest,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#clock = options.clock ?? systemClock;
  }

  async run(): Promise<Completion> {
    for (;;) {
      await this.endpoint.ready(this.signal);
      try {
        const completion = await this.model.complete(this.request, { signal: this.signal });
        this.endpoint.succeeded();
        const usage = addUsage(this.#billed, completion.usage);
        return { ...completion, attempts: this.#attempts + 1, answers: this.#answers + 1, usage };
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        await this.#recover(error);
      }
    }
  }

  /** Returns when the call should be tried again, or throws what ends it. */
  async #recover(failure: AttemptError): Promise<void> {
    if (failure.usage !== undefined) {
      this.#billed = addUsage(this.#billed, failure.usage);
      this.#answers += 1;
      this.endpoint.succeeded();
    }
    const verdict = classify(failure);
    switch (verdict.action) {
      case 'replay':
        if (!this.#cap.isNew(failure.highestCap ?? Number.POSITIVE_INFINITY)) throw this.#cutShort(failure);
        return;
      case 'stop':
        this.endpoint.refused(
          new ModelError(verdict.reason, { status: failure.status, hint: verdict.hint, cause: failure }),
        );
        return this.#pause(failure, verdict.reason);
      case 'reject':
        this.#attempts += 1;
        if (verdict.badRequest) this.endpoint.foundWrong(verdict.reason, failure);
        throw this.#rejected(failure, verdict.reason, verdict.hint);
      case 'hold':
        return this.#hold(failure, verdict.forMs);
      case 'wait':
        return this.#waitForLoading(failure, verdict.forMs);
      case 'lengthen':
        return this.#lengthen(failure);
      case 'shorten':
        return this.#shorten(failure, verdict.reason, verdict.hint, verdict.room);
      case 'retry':
        this.#checkAnswers(failure, verdict.reason);
        if (verdict.jsonMode) this.#suspectJsonMode();
        this.endpoint.troubled(verdict.reason);
        return this.#pause(failure, verdict.reason, verdict.afterMs, verdict.unreached);
    }
  }

  async #pause(failure: AttemptError, reason: string, afterMs = 0, unreached = false): Promise<void> {
    const { maxAttempts = 6, baseDelayMs = 500, maxDelayMs = 60_000, random = Math.random } = this.options;
    const { maxHoldMs: maxAfterMs = 600_000 } = this.options;
    this.#attempts += 1;
    if (this.#attempts >= maxAttempts) {
      if (unreached && !this.endpoint.everSucceeded) throw this.endpoint.stop(neverReached(failure));
      const times = maxAttempts === 1 ? '1 attempt' : `${maxAttempts} attempts`;
      throw this.#rejected(failure, `gave up after ${times}; last: ${reason}`);
    }
    const jitter = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#attempts - 1));
    await this.#clock.sleep(Math.max(jitter, Math.min(afterMs, maxAfterMs)), this.signal, this.endpoint.stopped);
  }

  async #hold(failure: AttemptError, forMs: number | undefined): Promise<void> {
    const { rateLimitPatienceMs = 900_000 } = this.options;
    const { message } = failure;
    this.endpoint.troubled(message);
    if (forMs === undefined) {
      this.#limitedSince ??= this.#clock.now();
      if (this.#clock.now() - this.#limitedSince > rateLimitPatienceMs) {
        this.#attempts += 1;
        throw this.#rejected(failure, `rate-limited for ${rateLimitPatienceMs / 60_000} minutes; last: ${message}`);
      }
    }
    const began = this.endpoint.hold(forMs) ?? 0;
    if (began >= tellingHoldMs) {
      this.options.onNotice?.(`${failure.host} limits the rate: no call for ${Math.round(began / 1000)} s`);
    }
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

function neverReached(failure: AttemptError): ModelError {
  const hint = 'check the base URL, and that the server runs and can be reached from here';
  return new ModelError(`${failure.message}; no call has reached it yet`, { hint, cause: failure });
}
