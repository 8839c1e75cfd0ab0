import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RejectError } from '../../../src/errors.js';
import type { ChatModel, ChatRequest } from '../../../src/llm/chatModel.js';
import { AttemptError } from '../../../src/llm/failures/attemptError.js';
import { type RateLimitSettings, rateLimit } from '../../../src/llm/middleware/rateLimit.js';

const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [{ role: 'user', content }],
  maxTokens: 16,
  ...more,
});

/** A model that notes when each call began and how many there were at once. */
function watched(ms: number, usage = { promptTokens: 5, completionTokens: 5 }) {
  const seen = { starts: [] as number[], order: [] as string[], inFlight: 0, peak: 0 };
  const model: ChatModel = {
    name: 'm',
    async complete({ messages }) {
      seen.starts.push(performance.now());
      seen.order.push(messages[0]?.content ?? '');
      seen.inFlight += 1;
      seen.peak = Math.max(seen.peak, seen.inFlight);
      await delay(ms);
      seen.inFlight -= 1;
      return { text: 'yes', model: 'm', finishReason: 'stop', usage, attempts: 1 };
    },
  };
  return { model, seen };
}

/** The most starts that fall into any stretch of `windowMs`. */
function busiest(starts: number[], windowMs: number): number {
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + windowMs).length));
}

test('calls in flight never pass the concurrency, and go first come, first served', async () => {
  const { model, seen } = watched(2);
  const limited = rateLimit(model, { concurrency: 3 });
  const names = Array.from({ length: 40 }, (_, i) => String(i));
  await Promise.all(names.map((name) => limited.complete(ask(name))));
  assert.equal(seen.peak, 3);
  assert.deepEqual(seen.order, names);
});

test('a failed call gives its slot back', async () => {
  const failing: ChatModel = { name: 'm', complete: async () => Promise.reject(new Error('no')) };
  const limited = rateLimit(failing, { concurrency: 1 });
  for (let i = 0; i < 3; i++) await assert.rejects(limited.complete(ask('x')), /no/);
});

test('a waiter that aborts leaves its place, and no listener', async () => {
  const { model, seen } = watched(10);
  const limited = rateLimit(model, { concurrency: 1 });
  const controller = new AbortController();
  const { signal } = controller;
  const first = limited.complete(ask('first'));
  const second = limited.complete(ask('second'), { signal });
  const third = limited.complete(ask('third'));
  controller.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
  await Promise.all([first, third]);
  assert.deepEqual(seen.order, ['first', 'third']);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('many waiters share one listener on a signal', async () => {
  const { model } = watched(1);
  const limited = rateLimit(model, { concurrency: 2 });
  const { signal } = new AbortController();
  const calls = Promise.all(Array.from({ length: 50 }, () => limited.complete(ask('x'), { signal })));
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  await calls;
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('stopping turns away those who wait and lets those in flight end', async () => {
  const { model } = watched(10);
  const stop = new AbortController();
  const limited = rateLimit(model, { concurrency: 1, stopped: stop.signal });
  const first = limited.complete(ask('first'));
  const second = limited.complete(ask('second'));
  stop.abort(new Error('refused'));
  await assert.rejects(second, /refused/);
  assert.equal((await first).text, 'yes');
});

test('requests a minute stay under the limit in any window, except for one batch of permits, and the rate is reached', async () => {
  const { model, seen } = watched(0);
  const limited = rateLimit(model, { concurrency: 50, requestsPerMinute: 60, windowMs: 600 });
  await Promise.all(Array.from({ length: 100 }, () => limited.complete(ask('x'))));
  await limited.close();
  assert.ok(busiest(seen.starts, 600) <= 63, `${busiest(seen.starts, 600)} in a window`);
  const elapsed = (seen.starts.at(-1) ?? 0) - (seen.starts[0] ?? 0);
  assert.ok(elapsed > 900 && elapsed < 3000, `${elapsed} ms`);
});

test('permits are granted in batches, so thousands a second cost little', async () => {
  const { model } = watched(0);
  const limited = rateLimit(model, { concurrency: 64, requestsPerMinute: 600_000 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 3000 }, () => limited.complete(ask('x'))));
  await limited.close();
  assert.ok(performance.now() - started < 5000, `${performance.now() - started} ms`);
});

test('a request heavier than a minute of tokens is refused at once, and blocks no other call', async () => {
  const { model } = watched(0);
  const limited = rateLimit(model, { tokensPerMinute: 6000 });
  const heavy = limited.complete(ask('x', { maxTokens: 7000 }));
  await assert.rejects(
    heavy,
    (error) =>
      error instanceof RejectError && /needs \d+ tokens, over the limit of 6000 tokens a minute/.test(error.message),
  );
  assert.equal((await limited.complete(ask('x'))).text, 'yes');
  await limited.close();
});

test('tokens are reserved as prompt and cap, and unused ones are given back', async () => {
  // A window holds 6,000 tokens; each call reserves about 1,000 and uses 10.
  const { model, seen } = watched(0);
  const limited = rateLimit(model, { concurrency: 1, tokensPerMinute: 6000, windowMs: 3000 });
  for (let i = 0; i < 20; i++) await limited.complete(ask('x', { maxTokens: 1000 }));
  await limited.close();
  const elapsed = (seen.starts.at(-1) ?? 0) - (seen.starts[0] ?? 0);
  assert.ok(elapsed < 2500, `${elapsed} ms: reserves were not settled`);
});

test('a refused attempt gives its tokens back, one of unknown price does not', async () => {
  const run = async (billingUnknown: boolean) => {
    const failing: ChatModel = {
      name: 'm',
      complete: async () => Promise.reject(new AttemptError('status', { host: 'h', status: 500, billingUnknown })),
    };
    const limited = rateLimit(failing, { concurrency: 1, tokensPerMinute: 6000, windowMs: 3000 });
    await limited.complete(ask('x', { maxTokens: 500 })).catch(() => {});
    const started = performance.now();
    await limited.complete(ask('x', { maxTokens: 500 })).catch(() => {});
    await limited.close();
    return performance.now() - started;
  };
  const [refused, unknown] = [await run(false), await run(true)];
  assert.ok(refused + 100 < unknown, `${refused} ms, ${unknown} ms`);
});

test('a limit that the server names paces calls, unless the user set one', async () => {
  const heeding = async (options: RateLimitSettings) => {
    const { model, seen } = watched(0);
    const limited = rateLimit(model, { concurrency: 50, windowMs: 600, ...options });
    limited.applyRates({ requests: { limit: 60 } });
    await Promise.all(Array.from({ length: 40 }, () => limited.complete(ask('x'))));
    await limited.close();
    return (seen.starts.at(-1) ?? 0) - (seen.starts[0] ?? 0);
  };
  const paced = await heeding({});
  assert.ok(paced > 300, `${paced} ms`);
  const set = await heeding({ requestsPerMinute: 6000 });
  assert.ok(set < paced / 2, `${set} ms`);
});

test('a limit that changes with every answer is still a limit', async () => {
  const { model, seen } = watched(0);
  const limited = rateLimit(model, { concurrency: 4, windowMs: 600 });
  for (let call = 0; call < 40; call++) {
    limited.applyRates({ requests: { limit: 60 + (call % 2) } });
    await limited.complete(ask('x'));
  }
  await limited.close();
  const elapsed = (seen.starts.at(-1) ?? 0) - (seen.starts[0] ?? 0);
  assert.ok(elapsed > 300, `40 calls at 60 in 600 ms took ${elapsed} ms`);
});

test('a limit that the server names refuses nothing that the server may take', async () => {
  const { model, seen } = watched(0);
  const limited = rateLimit(model, { concurrency: 4, windowMs: 300 });
  limited.applyRates({ tokens: { limit: 400 } });
  await limited.complete(ask('x', { maxTokens: 2000 }));
  assert.equal(seen.starts.length, 1);
  await limited.close();
});

test('a limit may change while calls wait for it', async () => {
  const { model, seen } = watched(0);
  const limited = rateLimit(model, { concurrency: 50, windowMs: 1000 });
  limited.applyRates({ requests: { limit: 10 } });
  const calls = Promise.all(Array.from({ length: 50 }, () => limited.complete(ask('x'))));
  await delay(20);
  limited.applyRates({ requests: { limit: 1000 } });
  await calls;
  await limited.close();
  const elapsed = (seen.starts.at(-1) ?? 0) - (seen.starts[0] ?? 0);
  assert.ok(elapsed < 2000, `${elapsed} ms`);
});

test('a limit that is nearly used up sets the length of the hold, for tokens by the reserve of a call', async () => {
  const { model } = watched(0);
  const limited = rateLimit(model);
  await limited.complete(ask('x', { maxTokens: 995 }));
  assert.equal(limited.applyRates({ requests: { limit: 600, remaining: 4, resetMs: 5000 } }), 600);
  assert.equal(limited.applyRates({ tokens: { limit: 6000, remaining: 500, resetMs: 55_000 } }), 5000);
  assert.equal(limited.applyRates({ tokens: { limit: 6000, remaining: 5000, resetMs: 10_000 } }), 0);
  await limited.close();
});

test('tokens that went out before a limit was known give none back', async () => {
  const { model, seen } = watched(20);
  const limited = rateLimit(model, { concurrency: 20, windowMs: 3000 });
  const early = Array.from({ length: 10 }, () => limited.complete(ask('x', { maxTokens: 1000 })));
  limited.applyRates({ tokens: { limit: 3000 } });
  await Promise.all(early);
  const startedMs = performance.now();
  await limited.complete(ask('x', { maxTokens: 500 }));
  await limited.close();
  const waitedMs = (seen.starts.at(-1) ?? 0) - startedMs;
  assert.ok(waitedMs > 300, `500 tokens, at one a millisecond, came after ${waitedMs} ms`);
});
