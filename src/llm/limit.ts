import { UsageError } from '../errors.js';
import { type MaybeSignal, throwIfAborted } from './abort.js';
import { AttemptError } from './attemptError.js';
import type { ChatModel, ChatRequest, Usage } from './chatModel.js';
import { estimatePromptTokens } from './estimateTokens.js';
import { Permits } from './permits.js';
import { WaitingLine } from './waitingLine.js';

export interface LimitOptions {
  /** The most attempts in flight at once (16), over all that use the model. */
  concurrency?: number | undefined;
  /** Attempts a minute; no limit when absent. */
  requestsPerMinute?: number | undefined;
  /** Prompt and answer tokens a minute; no limit when absent. */
  tokensPerMinute?: number | undefined;
  /** Answer tokens reserved for a request that sets no `maxTokens` (2,048). */
  assumedMaxTokens?: number | undefined;
  /** Aborting it turns away all who wait, with its reason; attempts in flight go on. */
  stopped?: AbortSignal | undefined;
  /** The length of "a minute", in milliseconds (60,000). */
  windowMs?: number | undefined;
}

export interface LimitedModel extends ChatModel {
  /** Ends the timers of the rate limits. */
  close(): Promise<void>;
}

/**
 * Lets an attempt go when a slot is free and the rates allow it, first come, first served. Tokens are reserved as the
 * prompt's estimate plus the answer's cap, and settled to what was used. A request heavier than a whole minute's tokens
 * is rejected at once.
 */
export function limit(model: ChatModel, options: LimitOptions = {}): LimitedModel {
  const { concurrency = 16, requestsPerMinute, tokensPerMinute, assumedMaxTokens = 2048, stopped, windowMs } = options;
  const slots = new Slots(concurrency);
  const requests = permitsOf('requests', requestsPerMinute, windowMs);
  const tokens = permitsOf('tokens', tokensPerMinute, windowMs);
  const weigh = (request: ChatRequest) =>
    estimatePromptTokens(request.messages) + (request.maxTokens ?? assumedMaxTokens);

  const closed = new AbortController();

  return {
    name: model.name,
    async complete(request, { signal } = {}) {
      const enders = [signal, stopped, closed.signal];
      throwIfAborted(...enders);
      if (!slots.tryTake()) await slots.take(enders);
      let unused = 0;
      try {
        if (tokens !== undefined) {
          const reserve = weigh(request);
          await tokens.take(reserve, enders);
          unused = reserve;
        }
        if (requests !== undefined) await requests.take(1, enders);
        const reserve = unused;
        unused = 0;
        try {
          const completion = await model.complete(request, { signal });
          unused = reserve - totalOf(completion.usage);
          return completion;
        } catch (error) {
          if (error instanceof AttemptError) unused = reserve - usedBy(error, reserve);
          throw error;
        }
      } finally {
        tokens?.give(unused);
        slots.give();
      }
    },
    async close() {
      closed.abort(
        new UsageError('the model was closed while a call waited', { hint: 'close it after the last call' }),
      );
      await Promise.all([requests?.close(), tokens?.close()]);
    },
  };
}

function permitsOf(unit: string, perWindow: number | undefined, windowMs: number | undefined): Permits | undefined {
  return perWindow === undefined ? undefined : new Permits({ unit, perWindow, windowMs });
}

function totalOf({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens;
}

/** An attempt of unknown price, an aborted one too, is taken to have used all it reserved. */
function usedBy({ usage, billingUnknown }: AttemptError, reserved: number): number {
  if (usage !== undefined) return totalOf(usage);
  return billingUnknown ? reserved : 0;
}

/** A counting semaphore, first come, first served. */
class Slots {
  readonly #line = new WaitingLine();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  tryTake(): boolean {
    if (this.#free === 0 || this.#line.length > 0) return false;
    this.#free -= 1;
    return true;
  }

  async take(signals: MaybeSignal[]): Promise<void> {
    await this.#line.join(1, signals);
  }

  /** A slot given back goes straight to the next in line, so nobody who comes later can snatch it. */
  give(): void {
    if (this.#line.length > 0) this.#line.admitFront();
    else this.#free += 1;
  }
}
