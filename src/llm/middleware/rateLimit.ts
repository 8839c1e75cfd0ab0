import { UsageError } from '../../errors.js';
import { throwIfAborted } from '../../util/abort.js';
import type { ChatModel, ChatRequest, Usage } from '../chatModel.js';
import { estimatePromptTokens } from '../cost/estimateTokens.js';
import { AttemptError } from '../failures/attemptError.js';
import { AdaptiveConcurrency } from '../limits/adaptiveConcurrency.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { Slots } from '../limits/semaphore.js';
import { Permits } from '../limits/tokenBucket.js';
import { type RateStates, shortageMs } from '../openai/rateLimitHeaders.js';

export interface LimitOptions {
  /** The most attempts in flight at once (16), over all that use the model. */
  concurrency?: number | undefined;
  /** Find by trying how many attempts at once, up to `concurrency`, the server is best asked (false). */
  adaptiveConcurrency?: boolean | undefined;
  /** Attempts a minute; when absent, the limit that the server's headers name. */
  requestsPerMinute?: number | undefined;
  /** Prompt and answer tokens a minute; when absent, the limit that the server's headers name. */
  tokensPerMinute?: number | undefined;
  /** Answer tokens reserved for a request that sets no `maxTokens` (2,048). */
  assumedMaxTokens?: number | undefined;
  /** Aborting it turns away all who wait, with its reason; attempts in flight go on. */
  stopped?: AbortSignal | undefined;
  /** The length of "a minute", in milliseconds (60,000). */
  windowMs?: number | undefined;
  clock?: Clock | undefined;
}

export interface LimitedModel extends ChatModel {
  /** The most attempts in flight at once, as it is now. */
  readonly concurrency: number;
  /** Goes by limits that the server named; returns for how many milliseconds no call should go out. */
  heed(rates: RateStates): number;
  /** Ends the timers of the rate limits. */
  close(): Promise<void>;
}

/**
 * Lets an attempt go when a slot is free and the rates allow it, first come, first served. Tokens are reserved as the
 * prompt's estimate plus the answer's cap, and settled to what was used. A request heavier than a whole minute's tokens
 * is rejected at once.
 */
export function limit(model: ChatModel, options: LimitOptions = {}): LimitedModel {
  const { concurrency = 16, assumedMaxTokens = 2048, stopped, windowMs, clock = systemClock } = options;
  const { adaptiveConcurrency = false, requestsPerMinute, tokensPerMinute } = options;
  const adaptive = adaptiveConcurrency ? new AdaptiveConcurrency({ max: concurrency }) : undefined;
  const slots = new Slots(adaptive?.limit ?? concurrency);
  const requests = new Permits({ unit: 'requests', perWindow: requestsPerMinute, windowMs });
  const tokens = new Permits({ unit: 'tokens', perWindow: tokensPerMinute, windowMs });
  const closed = new AbortController();
  /** What the last attempt reserved: the next may need as much. */
  let lastReserve = 0;

  const weigh = (request: ChatRequest) =>
    estimatePromptTokens(request.messages) + (request.maxTokens ?? assumedMaxTokens);

  /** Makes an attempt, from which the adaptive limit learns. */
  const attempt = async (...[request, { signal } = {}]: Parameters<ChatModel['complete']>) => {
    const isFull = slots.isFull;
    try {
      const completion = await model.complete(request, { signal });
      adaptive?.succeeded(totalOf(completion.usage), clock.now(), isFull);
      return completion;
    } catch (error) {
      if (error instanceof AttemptError && isOverload(error)) adaptive?.overloaded(error.status === 429);
      throw error;
    } finally {
      if (adaptive !== undefined) slots.resize(adaptive.limit);
    }
  };

  return {
    name: model.name,
    get concurrency() {
      return adaptive?.limit ?? concurrency;
    },
    async complete(request, { signal } = {}) {
      const enders = [signal, stopped, closed.signal];
      throwIfAborted(...enders);
      return slots.use(enders, async () => {
        const reserve = weigh(request);
        const reserved = await tokens.take(reserve, enders);
        let used = 0;
        try {
          const permits = await requests.take(1, enders);
          lastReserve = reserve;
          used = reserve;
          const completion = await attempt(request, { signal }).catch((error: unknown) => {
            if (!(error instanceof AttemptError)) throw error;
            used = usedBy(error, reserve);
            if (error.fault === 'not-sent') requests.give(permits);
            throw error;
          });
          used = totalOf(completion.usage);
          return completion;
        } finally {
          // Of what was reserved without a rate nothing can come back.
          if (reserved > 0) tokens.give(reserved - used);
        }
      });
    },
    heed(rates) {
      if (requestsPerMinute === undefined) requests.pace(rates.requests?.limit);
      if (tokensPerMinute === undefined) tokens.pace(rates.tokens?.limit);
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

function totalOf({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens;
}

/** An attempt of unknown price, an aborted one too, is taken to have used all it reserved. */
function usedBy({ usage, billingUnknown }: AttemptError, reserved: number): number {
  if (usage !== undefined) return totalOf(usage);
  return billingUnknown ? reserved : 0;
}
