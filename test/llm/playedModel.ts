import assert from 'node:assert/strict';
import type { ChatModel, ChatRequest, Completion } from '../../src/llm/chatModel.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../../src/llm/failures/attemptError.js';
import type { Clock } from '../../src/llm/limits/clock.js';
import { EndpointHealth, type EndpointHealthOptions } from '../../src/llm/middleware/endpointHealth.js';
import { loadBalance } from '../../src/llm/middleware/loadBalance.js';
import { type RetryOptions, retry } from '../../src/llm/middleware/retry.js';

export const ask: ChatRequest = { messages: [{ role: 'user', content: 'why?' }] };
export const usage = { promptTokens: 3, completionTokens: 2 };
export const good: Completion = { text: 'yes', model: 'm', finishReason: 'stop', usage, attempts: 1 };
export const failure = (fault: Fault, options: Partial<AttemptErrorOptions> = {}) =>
  new AttemptError(fault, { host: 'api.example', ...options });
export const status = (code: number, options: Partial<AttemptErrorOptions> = {}) =>
  failure('status', { status: code, ...options });

/** A model that plays a list of outcomes, then repeats its last one, on a clock that a sleep advances. */
export function play(outcomes: (Completion | AttemptError)[], options: RetryOptions & EndpointHealthOptions = {}) {
  const sleeps: number[] = [];
  const requests: ChatRequest[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async sleep(ms, ...signals) {
      for (const signal of signals) signal?.throwIfAborted();
      sleeps.push(ms);
      now += ms;
    },
  };
  const model: ChatModel = {
    name: 'm',
    async complete(request) {
      const outcome = outcomes[Math.min(requests.length, outcomes.length - 1)];
      requests.push(request);
      if (outcome instanceof AttemptError) throw outcome;
      return outcome ?? good;
    },
  };
  const health = new EndpointHealth({ clock, ...options });
  const balanced = loadBalance([{ model: health.guard(model), health }], { clock, concurrency: 16 });
  return { model: retry(balanced, { clock, random: () => 1, ...options }), sleeps, requests, health, clock };
}

export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  kind: new (...args: never[]) => E,
): Promise<E> {
  const error = await promise.then(
    () => assert.fail('it resolved'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof kind, String(error));
  return error;
}
