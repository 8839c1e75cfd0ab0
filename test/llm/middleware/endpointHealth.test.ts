import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../../src/errors.js';
import { EndpointHealth } from '../../../src/llm/middleware/endpointHealth.js';
import { ask, failure, good, play, rejection, status } from '../playedModel.js';

test('calls that fail together make the hold grow once', () => {
  let now = 0;
  const health = new EndpointHealth({ clock: { now: () => now, sleep: async () => {} } });
  for (let i = 0; i < 10; i++) health.failed(status(429));
  assert.equal(health.readyInMs(), 2000);
  now += 2000;
  assert.equal(health.readyInMs(), 0);
  health.failed(status(429));
  assert.equal(health.readyInMs(), 4000);
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
  const fresh = play([status(400, { serverMessage: 'no' })]);
  for (let i = 0; i < 19; i++) await rejection(fresh.model.complete(ask), RejectError);
  const error = await rejection(fresh.model.complete(ask), ModelError);
  assert.match(error.message, /the first 20 requests were refused/);
  const worked = play([good, status(400)]);
  await worked.model.complete(ask);
  for (let i = 0; i < 40; i++) await rejection(worked.model.complete(ask), RejectError);
});

test('a server that was never reached stops the run; one that went away rejects the record', async () => {
  const gone = failure('connect', { serverMessage: 'connect ECONNREFUSED' });
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

test('faults with a long silence between them, as of a slow source, do not stop the run', () => {
  let now = 0;
  const health = new EndpointHealth({ clock: { now: () => now, sleep: async () => {} } });
  const silences = [0, 31, 14, 14];
  for (const minutes of silences) {
    now += minutes * 60_000;
    health.failed(status(503));
    assert.ok(!health.stopped.aborted);
  }
  now += 3 * 60_000;
  health.failed(status(503));
  assert.match(String(health.stopped.reason), /no success for 30 minutes/);
});

test('an error that reports its tokens is not a success', async () => {
  const usage = { promptTokens: 0, completionTokens: 0 };
  const wrong = play([status(400, { serverMessage: 'no', usage })]);
  for (let i = 0; i < 19; i++) await rejection(wrong.model.complete(ask), RejectError);
  await rejection(wrong.model.complete(ask), ModelError);
  let now = 0;
  const health = new EndpointHealth({ deadAfterMs: 60_000, clock: { now: () => now, sleep: async () => {} } });
  for (; now <= 70_000; now += 10_000) health.failed(failure('finish-error', { usage }));
  assert.match(`${health.stopped.reason}`, /no success for 1 minutes/);
});

test('a server that loads for ever stops the run', () => {
  let now = 0;
  const health = new EndpointHealth({ deadAfterMs: 60_000, clock: { now: () => now, sleep: async () => {} } });
  for (; now <= 70_000; now += 10_000) health.failed(status(503, { serverMessage: 'the model is loading' }));
  assert.match(`${health.stopped.reason}`, /no success for 1 minutes; last: .*loading/);
});
