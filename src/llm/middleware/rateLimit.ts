import { UsageError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import { type OptionsOf, withDefaults } from '../../util/options.js';
import type { ChatModel, ChatRequest, Usage } from '../chatModel.js';
import { estimatePromptTokens } from '../cost/estimateTokens.js';
import { AttemptError } from '../failures/attemptError.js';
import { AdaptiveConcurrency } from '../limits/adaptiveConcurrency.js';
import { systemClock } from '../limits/clock.js';
import { ConcurrencyDip } from '../limits/concurrencyDip.js';
import type { LearnedRate } from '../limits/learnedRate.js';
import { type RateStates, shortageMs } from '../limits/rateLimitHeaders.js';
import { Semaphore } from '../limits/semaphore.js';
import { TokenBucket } from '../limits/tokenBucket.js';
import { type environmentOptions, limitOptions } from '../options.js';

export interface RateLimitSettings
  extends OptionsOf<typeof limitOptions>,
    Pick<OptionsOf<typeof environmentOptions>, 'clock'> {
  /** Aborting it rejects all waiting calls with its reason; attempts in flight continue. */
  stopped?: AbortSignal | undefined;
  /** Returns true if the last 429 was a lone one, so that it says nothing about the load. */
  isLoneLimit?: (() => boolean) | undefined;
  /** Paces the attempts by the rate that the server was seen to admit. */
  learnedRate?: LearnedRate | undefined;
}

export interface RateLimitedModel extends ChatModel {
  /** The most attempts in flight at once, as it is now. */
  readonly concurrency: number;
  /** Applies limits that the server named; returns the milliseconds for which no call should be sent. */
  applyRates(rates: RateStates): number;
  /** Ends the timers of the rate limits. */
  close(): Promise<void>;
}

/**
 * Sends an attempt when a slot is free and the rates allow it, first come, first served. It reserves tokens, the prompt's
 * estimate plus the answer's cap, and corrects the reserve by what was used. A request heavier than a whole minute's tokens
 * is rejected at once.
 */
export function rateLimit(model: ChatModel, options: RateLimitSettings = {}): RateLimitedModel {
  const { stopped, clock = systemClock, isLoneLimit = () => false, learnedRate } = options;
  const { concurrency, adaptiveConcurrency, assumedMaxTokens, requestsPerMinute, tokensPerMinute, windowMs } =
    withDefaults(limitOptions, options);
  const adaptive = adaptiveConcurrency ? new AdaptiveConcurrency({ max: concurrency }) : undefined;
  const dip = new ConcurrencyDip(concurrency);
  const slots = new Semaphore(adaptive?.limit ?? concurrency);
  const sizeNow = () => (adaptive?.limit ?? concurrency) - dip.depth;
  const requests = new TokenBucket({ unit: 'requests', perWindow: requestsPerMinute, windowMs });
  const tokens = new TokenBucket({ unit: 'tokens', perWindow: tokensPerMinute, windowMs });
  const closed = new AbortController();
  /** The reserve of the last attempt: the next may need as much. */
  let lastReserve = 0;

  const reserveFor = (request: ChatRequest) =>
    estimatePromptTokens(request.messages) + (request.maxTokens ?? assumedMaxTokens);

  /** Makes an attempt, from which the adaptive limit learns. */
  const attempt = async (...[request, { signal } = {}]: Parameters<ChatModel['complete']>) => {
    const isFull = slots.isFull;
    try {
      const completion = await model.complete(request, { signal });
      adaptive?.succeeded(totalTokens(completion.usage), clock.now(), isFull);
      dip.succeeded();
      return completion;
    } catch (error) {
      if (error instanceof AttemptError && isOverload(error)) {
        if (error.status === 429 || error.status === 503) dip.limited();
        adaptive?.overloaded(error.status === 429 && !isLoneLimit());
      }
      throw error;
    } finally {
      slots.resize(Math.max(1, sizeNow()));
    }
  };

  return {
    name: model.name,
    get concurrency() {
      return adaptive?.limit ?? concurrency;
    },
    async complete(request, { signal } = {}) {
      const signals = [signal, stopped, closed.signal];
      throwIfAborted(...signals);
      return slots.use(signals, async () => {
        const reserve = reserveFor(request);
        const reserved = await tokens.take(reserve, signals);
        let used = 0;
        try {
          const permits = await requests.take(1, signals);
          if (learnedRate?.isPacing) await learnedRate.take(signals);
          lastReserve = reserve;
          used = reserve;
          const completion = await attempt(request, { signal }).catch((error: unknown) => {
            if (!(error instanceof AttemptError)) throw error;
            used = tokensUsedBy(error, reserve);
            if (error.fault === 'not-sent') requests.give(permits);
            throw error;
          });
          used = totalTokens(completion.usage);
          return completion;
        } finally {
          // If there was no rate when it was reserved, there is nothing to give back.
          if (reserved > 0) tokens.give(reserved - used);
        }
      });
    },
    applyRates(rates) {
      if (requestsPerMinute === undefined) requests.setRate(rates.requests?.limit);
      if (tokensPerMinute === undefined) tokens.setRate(rates.tokens?.limit);
      return Math.max(
        rates.requests === undefined ? 0 : shortageMs(rates.requests, 1),
        rates.tokens === undefined ? 0 : shortageMs(rates.tokens, lastReserve),
      );
    },
    async close() {
      closed.abort(
        new UsageError('the model was closed while a call waited', { hint: 'close it after the last call' }),
      );
      await Promise.all([requests.close(), tokens.close()]);
    },
  };
}

const overloadStatuses = new Set([408, 429, 503, 504, 529]);

function isOverload({ fault, status = 0 }: AttemptError): boolean {
  return fault === 'timeout' || overloadStatuses.has(status);
}

function totalTokens({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens;
}

/** Returns the tokens that a failed attempt used. If its bill is unknown, as after an abort, that is all it reserved. */
function tokensUsedBy({ usage, billingUnknown }: AttemptError, reserved: number): number {
  if (usage !== undefined) return totalTokens(usage);
  return billingUnknown ? reserved : 0;
}
