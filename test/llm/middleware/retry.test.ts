import assert from 'node:assert/strict';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import { EndpointHealth } from '../../../src/llm/middleware/endpointHealth.js';
import { loadBalance } from '../../../src/llm/middleware/loadBalance.js';
import { retry } from '../../../src/llm/middleware/retry.js';
import { ask, failure, good, play, rejection, status, usage } from '../playedModel.js';

test('a passing fault is tried 6 times with doubling pauses, then the record is rejected', async () => {
  const { model, sleeps, requests } = play([status(500, { serverMessage: 'oops' })]);
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

test('a completion reports its attempts and the tokens of those that were billed', async () => {
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

test('a hold of 10 s or more is reported once, however many calls meet it', async () => {
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

test('a loading model is waited for at no attempt, then it counts as a passing fault', async () => {
  const loading = status(503, { serverMessage: 'Loading model' });
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
  assert.match(error.message, /was cut off at its cap of 200 tokens/);
});

test('a cap that does not fit the context is lowered once to the room there is', async () => {
  const words = 'maximum context length is 4096 tokens, 4000 in the messages';
  const full = status(400, { serverMessage: words });
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

test('an abort ends a pause with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const health = new EndpointHealth();
  const model = retry(loadBalance([{ model: play([]).model, health }], { concurrency: 16 }));
  health.pause(60_000);
  const call = model.complete(ask, { signal: controller.signal });
  controller.abort(reason);
  assert.equal(await rejection(call, Error), reason);
});
