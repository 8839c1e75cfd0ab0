import { RejectError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import { type OptionsOf, type Resolved, withDefaults } from '../../util/options.js';
import { addUsage, type ChatModel, type ChatRequest, type Completion, type Usage } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { type environmentOptions, retryOptions } from '../options.js';
import { AnswerCap } from './answerCap.js';
import type { EndpointHealth } from './endpointHealth.js';
import type { LoadBalancedModel } from './loadBalance.js';

export interface RetryOptions
  extends OptionsOf<typeof retryOptions>,
    Pick<OptionsOf<typeof environmentOptions>, 'clock' | 'random'> {}

type RetrySettings = Resolved<typeof retryOptions> & { clock: Clock; random: () => number };

/**
 * Retries failed attempts if that can help, by the taxonomy of classify.ts, with full jitter between attempts. Rejects with
 * RejectError if this record cannot be done (also when its attempts are used up) and with ModelError if none can; after a
 * ModelError no call is sent any more, while those in flight may still succeed.
 */
export function retry(model: LoadBalancedModel, options: RetryOptions = {}): ChatModel {
  const { clock = systemClock, random = Math.random } = options;
  const settings = { ...withDefaults(retryOptions, options), clock, random };
  return {
    name: model.name,
    complete: (request, { signal } = {}) => new RetriedCall(model, settings, request, signal).run(),
  };
}

/** More than the parameters that a server could refuse one after the other. */
const MAX_REPLAYS = 20;

class RetriedCall {
  readonly #model: LoadBalancedModel;
  readonly #settings: RetrySettings;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  #request: ChatRequest;
  #attempts = 0;
  /** Answers that were paid for and could not be used. */
  #answers = 0;
  #jsonFailures = 0;
  /** Answers that were reasoning alone. */
  #unanswered = 0;
  #replays = 0;
  #billed: Usage | undefined;
  #limitedSince: number | undefined;
  /** The number of limits that held this call alone. */
  #limited = 0;
  #loadingSince: number | undefined;
  readonly #cap = new AnswerCap();
  /** That of the server of the last attempt. */
  #health: EndpointHealth;

  constructor(
    model: LoadBalancedModel,
    settings: RetrySettings,
    request: ChatRequest,
    signal: AbortSignal | undefined,
  ) {
    this.#model = model;
    this.#settings = settings;
    this.#request = request;
    this.#signal = signal;
    this.#clock = settings.clock;
    this.#health = model.healthOf();
  }

  async run(): Promise<Completion> {
    for (;;) {
      try {
        const completion = await this.#model.complete(this.#request, { signal: this.#signal });
        const usage = addUsage(this.#billed, completion.usage);
        return { ...completion, attempts: this.#attempts + 1, answers: this.#answers + 1, usage };
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        this.#health = this.#model.healthOf(error);
        await this.#recover(error).catch((end: unknown) => {
          if (!this.#model.survives(end)) throw end;
        });
      }
    }
  }

  /** Returns when the call should be tried again, or throws the error that ends it. */
  async #recover(failure: AttemptError): Promise<void> {
    if (failure.usage !== undefined) {
      this.#billed = addUsage(this.#billed, failure.usage);
      this.#answers += 1;
    }
    const verdict = classify(failure);
    switch (verdict.action) {
      case 'replay':
        this.#replays += 1;
        if (this.#replays > MAX_REPLAYS) throw this.#rejected(failure, `${verdict.reason}, whatever was changed`);
        if (!this.#cap.isNew(failure.highestCap ?? Number.POSITIVE_INFINITY)) throw this.#cutShort(failure);
        return;
      case 'stop':
        return this.#pause(failure, verdict.reason);
      case 'reject':
        this.#attempts += 1;
        if (verdict.badRequest) throwIfAborted(this.#health.stopped);
        throw this.#rejected(failure, verdict.reason, verdict.hint);
      case 'hold':
        return this.#waitOut(failure, verdict);
      case 'away':
        if (this.#health.mayWork) return this.#waitOut(failure, verdict);
        return this.#pause(failure, verdict.reason, verdict.forMs, true);
      case 'wait':
        return this.#waitForLoading(failure, verdict.forMs);
      case 'lengthen':
        return this.#lengthen(failure);
      case 'shorten':
        return this.#shorten(failure, verdict.reason, verdict.hint, verdict.room);
      case 'retry':
        this.#checkAnswers(failure, verdict.reason);
        if (verdict.most !== undefined) this.#checkSameFault(failure, verdict.most, verdict.hint);
        if (verdict.jsonMode) this.#suspectJsonMode();
        return this.#pause(failure, verdict.reason, verdict.afterMs);
    }
  }

  async #pause(failure: AttemptError, reason: string, afterMs = 0, isAway = false): Promise<void> {
    const { maxAttempts, baseDelayMs, maxDelayMs, maxHoldMs, random } = this.#settings;
    throwIfAborted(this.#health.stopped);
    // While the server is only probed, the failure costs the call no attempt: it waits for its turn.
    if (this.#health.isTripped) return;
    this.#attempts += 1;
    if (this.#attempts >= maxAttempts) {
      if (isAway) this.#health.giveUp(failure);
      throwIfAborted(this.#health.stopped);
      const times = maxAttempts === 1 ? '1 attempt' : `${maxAttempts} attempts`;
      throw this.#rejected(failure, `gave up after ${times}; last: ${reason}`);
    }
    const jitter = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#attempts - 1));
    await this.#clock.sleep(Math.max(jitter, Math.min(afterMs, maxHoldMs)), this.#signal, this.#health.stopped);
  }

  /** Waits until the endpoint takes calls again; if it holds none but this one, for the time that it named, or with jitter. */
  async #waitOut(failure: AttemptError, { action, forMs }: { action: 'hold' | 'away'; forMs?: number | undefined }) {
    throwIfAborted(this.#health.stopped);
    if (action === 'away' || forMs === undefined) this.#checkPatience(failure, action);
    if (this.#health.readyInMs() > 0) return;
    const { baseDelayMs, maxDelayMs, maxHoldMs, random } = this.#settings;
    const jitter = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** this.#limited);
    this.#limited += 1;
    await this.#clock.sleep(Math.min(forMs ?? jitter, maxHoldMs), this.#signal, this.#health.stopped);
  }

  /** Rejects a call that has met nothing but limits for too long; while a server is away, the endpoint decides how long. */
  #checkPatience(failure: AttemptError, action: 'hold' | 'away'): void {
    const { rateLimitPatienceMs } = this.#settings;
    const now = this.#clock.now();
    this.#limitedSince ??= now;
    if (now - this.#limitedSince <= rateLimitPatienceMs) return;
    if (action === 'away' && !this.#health.succeededSince(this.#limitedSince)) return;
    this.#attempts += 1;
    const minutes = rateLimitPatienceMs / 60_000;
    const problem = action === 'away' ? 'refused' : 'rate-limited';
    throw this.#rejected(failure, `${problem} for ${minutes} minutes; last: ${failure.message}`);
  }

  async #waitForLoading(failure: AttemptError, forMs?: number): Promise<void> {
    const { loadingPatienceMs, loadingDelayMs } = this.#settings;
    const now = this.#clock.now();
    this.#loadingSince ??= now;
    if (now - this.#loadingSince > loadingPatienceMs) return this.#pause(failure, failure.message);
    await this.#clock.sleep(Math.min(forMs ?? loadingDelayMs, loadingPatienceMs), this.#signal, this.#health.stopped);
  }

  #lengthen(failure: AttemptError): void {
    const reached = failure.cap ?? this.#request.maxTokens ?? failure.usage?.completionTokens;
    this.#checkAnswers(failure, cutOffAt(reached));
    this.#attempts += 1;
    const maxTokens = this.#cap.raised(reached, failure.highestCap);
    if (maxTokens === undefined) throw this.#cutShort(failure);
    this.#request = { ...this.#request, maxTokens };
  }

  #cutShort(failure: AttemptError): RejectError {
    const hint = 'raise maxTokens (--max-tokens), or use a model that writes longer answers';
    return this.#rejected(failure, cutOffAt(this.#cap.cutAt), hint);
  }

  /** Rejects if the number of answers that may be paid for is used up. */
  #checkAnswers(failure: AttemptError, reason: string): void {
    const { maxAnswers = Number.POSITIVE_INFINITY } = this.#request;
    if (failure.usage === undefined || this.#answers < maxAnswers) return;
    this.#attempts += 1;
    throw this.#rejected(failure, `${reason}; no further answer may be paid for`);
  }

  /** Rejects at the `most`-th answer without an answer in it: each is paid for, and they rarely change. */
  #checkSameFault(failure: AttemptError, most: number, hint: string | undefined): void {
    this.#unanswered += 1;
    if (this.#unanswered < most) return;
    this.#attempts += 1;
    throw this.#rejected(failure, `${most} answers were ${failure.serverMessage}`, hint);
  }

  /** From the second such failure on, only the prompt asks for JSON: the JSON mode may be what causes them. */
  #suspectJsonMode(): void {
    this.#jsonFailures += 1;
    if (this.#jsonFailures >= 2) this.#request = { ...this.#request, schema: undefined };
  }

  #shorten(failure: AttemptError, reason: string, hint: string, room?: number): void {
    this.#attempts += 1;
    const maxTokens = this.#cap.lowered(this.#request.maxTokens, room);
    if (maxTokens === undefined) throw this.#rejected(failure, reason, hint);
    this.#request = { ...this.#request, maxTokens };
  }

  #rejected(failure: AttemptError, reason: string, hint?: string): RejectError {
    return new RejectError(reason, { attempts: this.#attempts, answer: failure.answer, cause: failure, hint });
  }
}

function cutOffAt(cap: number | undefined): string {
  return `the answer was cut off at its cap of ${cap || 'unknown'} tokens`;
}
