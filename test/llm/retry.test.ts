import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../src/errors.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../../src/llm/attemptError.js';
import type { ChatModel, ChatRequest, Completion } from '../../src/llm/chatModel.js';
import type { Clock } from '../../src/llm/clock.js';
import { Endpoint } from '../../src/llm/endpoint.js';
import { type RetryOptions, retry } from '../../src/llm/retry.js';

const ask: ChatRequest = { messages: [{ role: 'user', content: 'why?' }] };
const usage = { promptTokens: 3, completionTokens: 2 };
const good: Completion = { text: 'yes', model: 'm', finishReason: 'stop', usage, attempts: 1 };
const failure = (fault: Fault, options: Partial<AttemptErrorOptions> = {}) =>
  new AttemptError(fault, { host: 'api.example', ...options });
const status = (code: number, options: Partial<AttemptErrorOptions> = {}) =>
  failure('status', { status: code, ...options });

/** A model that plays a list of outcomes, its last one for ever, on a clock that a sleep moves. */
function play(outcomes: (Completion | AttemptError)[], options: RetryOptions = {}) {
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
  const endpoint = options.endpoint ?? new Endpoint({ clock });
  return { model: retry(model, { clock, random: () => 1, ...options, endpoint }), sleeps, requests, endpoint, clock };
}

async function rejection<E extends Error>(promise: Promise<unknown>, kind: new (...args: never[]) => E): Promise<E> {
  const error = await promise.then(
    () => assert.fail('it resolved'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof kind, String(error));
  return error;
}

test('a passing fault is tried 6 times with doubling pauses, then the record is rejected', async () => {
  const { model, sleeps, requests } = play([status(500, { words: 'oops' })]);
  const error = await rejection(model.complete(ask), RejectError);
  assert.equal(error.message, 'gave up after 6 attempts; last: 500 from api.example: oops');
  assert.equal(error.attempts, 6);
  assert.equal(requests.length, 6);
  assert.deepEqual(sleeps, [500, 1000, 2000, 4000, 8000]);
});

test('pauses never pass their cap', async () => {
  const { model, sleeps } = play([status(500)], { maxAttempts: 12 });
  await rejection(model.complete(ask), RejectError);
  assert.equal(Math.max(...sleeps), 60_000);
});

test('a pause is at least as long as the server asks', async () => {
  const { model, sleeps } = play([status(503, { retryAfterMs: 7000 }), good]);
  await model.complete(ask);
  assert.deepEqual(sleeps, [7000]);
});

test('a completion tells its attempts and the tokens of those that were billed', async () => {
  const { model } = play([status(500), failure('blank', { usage }), good]);
  const completion = await model.complete(ask);
  assert.equal(completion.attempts, 3);
  assert.deepEqual(completion.usage, { promptTokens: 6, completionTokens: 4 });
});

test('a 429 with a time holds for that time and costs no attempt', async () => {
  const { model, sleeps } = play([...Array(20).fill(status(429, { retryAfterMs: 3000 })), good]);
  assert.equal((await model.complete(ask)).attempts, 1);
  assert.deepEqual(sleeps, Array(20).fill(3000));
});

test('no hold is longer than 10 minutes', async () => {
  const { model, sleeps } = play([status(429, { retryAfterMs: 86_400_000 }), good]);
  await model.complete(ask);
  assert.deepEqual(sleeps, [600_000]);
});

test('a hold of 10 s or more is told once, however many calls meet it', async () => {
  const notices: string[] = [];
  const limited = status(429, { retryAfterMs: 30_000 });
  const onNotice = (message: string) => notices.push(message);
  const { model } = play([limited, limited, limited, good], { onNotice });
  await Promise.all([model.complete(ask), model.complete(ask), model.complete(ask)]);
  assert.deepEqual(notices, ['api.example limits the rate: no call for 30 s']);
});

test('a 429 without a time holds 2 s, doubled each time up to a minute, at no attempt', async () => {
  const { model, sleeps } = play([...Array(7).fill(status(429)), good]);
  assert.equal((await model.complete(ask)).attempts, 1);
  assert.deepEqual(sleeps, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('after 15 minutes of 429s without a time the record is rejected', async () => {
  const { model, sleeps } = play([status(429)]);
  const error = await rejection(model.complete(ask), RejectError);
  assert.match(error.message, /rate-limited for 15 minutes/);
  const total = sleeps.reduce((sum, ms) => sum + ms, 0);
  assert.ok(total > 900_000 && total <= 960_000, String(total));
});

test('calls that fail together make the hold grow once', async () => {
  let now = 0;
  const holds: number[] = [];
  const sleep = async (ms: number) => {
    holds.push(ms);
    now += ms;
  };
  const endpoint = new Endpoint({ clock: { now: () => now, sleep } });
  for (let i = 0; i < 10; i++) endpoint.hold(undefined);
  await endpoint.ready(undefined);
  endpoint.hold(undefined);
  await endpoint.ready(undefined);
  assert.deepEqual(holds, [2000, 4000]);
});

test('a loading model is waited for at no attempt, then it counts as a passing fault', async () => {
  const loading = status(503, { words: 'Loading model' });
  assert.equal((await play([...Array(100).fill(loading), good]).model.complete(ask)).attempts, 1);
  const { model, sleeps } = play([loading]);
  const error = await rejection(model.complete(ask), RejectError);
  assert.equal(error.attempts, 6);
  assert.ok(sleeps.filter((ms) => ms === 5000).length >= 120);
});

test('an answer that met its cap is asked once more with twice the cap', async () => {
  const cut = failure('length', { usage: { promptTokens: 3, completionTokens: 50 }, answer: 'ye' });
  const once = play([cut, good]);
  await once.model.complete({ ...ask, maxTokens: 100 });
  assert.deepEqual(
    once.requests.map(({ maxTokens }) => maxTokens),
    [100, 200],
  );
  const uncapped = play([cut, good]);
  await uncapped.model.complete(ask);
  assert.equal(uncapped.requests[1]?.maxTokens, 100);
  const twice = play([cut]);
  const error = await rejection(twice.model.complete({ ...ask, maxTokens: 100 }), RejectError);
  assert.equal(twice.requests.length, 2);
  assert.equal(error.answer, 'ye');
  assert.match(error.message, /did not fit its cap of 200 tokens/);
});

test('a cap that does not fit the context is lowered once to the room there is', async () => {
  const words = 'maximum context length is 4096 tokens, 4000 in the messages';
  const full = status(400, { words });
  const once = play([full, good]);
  await once.model.complete({ ...ask, maxTokens: 1000 });
  assert.deepEqual(
    once.requests.map(({ maxTokens }) => maxTokens),
    [1000, 96],
  );
  const cut = failure('length');
  await rejection(play([cut, full]).model.complete({ ...ask, maxTokens: 100 }), RejectError);
  await rejection(play([full]).model.complete(ask), RejectError);
  const twice = play([full]);
  await rejection(twice.model.complete({ ...ask, maxTokens: 1000 }), RejectError);
  assert.equal(twice.requests.length, 2);
});

test('a replay costs neither an attempt nor a pause', async () => {
  const { model, sleeps } = play([status(400, { adapted: true }), good]);
  assert.equal((await model.complete(ask)).attempts, 1);
  assert.deepEqual(sleeps, []);
});

test('after a fatal answer every call rejects at once with the same error', async () => {
  const { model, requests } = play([status(401)]);
  const first = await rejection(model.complete(ask), ModelError);
  assert.equal(first.status, 401);
  assert.equal(await rejection(model.complete(ask), ModelError), first);
  assert.equal(requests.length, 1);
});

test('after 100 successes only the third fatal answer in a row stops the run', async () => {
  const proven = [...Array(100).fill(good)];
  const twice = play([...proven, status(401), status(401), good]);
  for (let i = 0; i < 101; i++) await twice.model.complete(ask);
  const thrice = play([...proven, status(401)]);
  for (let i = 0; i < 100; i++) await thrice.model.complete(ask);
  await rejection(thrice.model.complete(ask), ModelError);
  assert.equal(thrice.requests.length, 103);
});

test('20 wrong requests in a row from the start stop the run; after a success none does', async () => {
  const fresh = play([status(400, { words: 'no' })]);
  for (let i = 0; i < 19; i++) await rejection(fresh.model.complete(ask), RejectError);
  const error = await rejection(fresh.model.complete(ask), ModelError);
  assert.match(error.message, /the first 20 requests were refused/);
  const worked = play([good, status(400)]);
  await worked.model.complete(ask);
  for (let i = 0; i < 40; i++) await rejection(worked.model.complete(ask), RejectError);
});

test('a server that was never reached stops the run; one that went away rejects the record', async () => {
  const gone = failure('connect', { words: 'connect ECONNREFUSED' });
  const error = await rejection(play([gone]).model.complete(ask), ModelError);
  assert.match(error.message, /ECONNREFUSED; no call has reached it yet/);
  const { model } = play([good, gone]);
  await model.complete(ask);
  await rejection(model.complete(ask), RejectError);
});

test('passing faults for 30 minutes without a success stop the run', async () => {
  const { model } = play([status(429, { retryAfterMs: 600_000 })]);
  const error = await rejection(model.complete(ask), ModelError);
  assert.match(error.message, /no success for 30 minutes/);
});

test('an abort ends a pause with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const endpoint = new Endpoint();
  const model = retry(play([]).model, { endpoint });
  endpoint.hold(60_000);
  const call = model.complete(ask, { signal: controller.signal });
  controller.abort(reason);
  assert.equal(await rejection(call, Error), reason);
});
