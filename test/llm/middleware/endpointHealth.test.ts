import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../../src/errors.js';
import type { AttemptError } from '../../../src/llm/failures/attemptError.js';
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

test('a limit in force that names a short wait holds for a second, and for less once its rate is known', async () => {
  let now = 0;
  const health = new EndpointHealth({ clock: { now: () => now, sleep: async () => {} } });
  const short = () => status(429, { retryAfterMs: 8 });
  const refuse = () => health.attempt(() => Promise.reject(short())).catch(() => {});
  const succeed = () => health.attempt(async () => now++);
  for (let i = 0; i < 6; i++) await refuse();
  assert.equal(health.readyInMs(), 8);
  await refuse();
  assert.equal(health.readyInMs(), 1000);
  for (let i = 0; i < 4000; i++) await succeed();
  await refuse();
  assert.equal(health.learnedRate.isPacing, true);
  assert.equal(health.readyInMs(), 250);
  for (let i = 0; i < 300; i++) await succeed();
  health.failed(status(429));
  assert.equal(health.readyInMs(), 500);
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

test('20 wrong requests in a row from the start stop the run; after a success 20 that are refused alike do', async () => {
  const fresh = play([status(400, { serverMessage: 'no' })]);
  for (let i = 0; i < 19; i++) await rejection(fresh.model.complete(ask), RejectError);
  const error = await rejection(fresh.model.complete(ask), ModelError);
  assert.match(error.message, /the first 20 requests were refused/);
  const different = Array.from({ length: 40 }, (_, i) =>
    status(400, { serverMessage: i % 2 ? `no ${i}` : `never ${i}` }),
  );
  const worked = play([good, ...different, status(400, { serverMessage: 'no way 17' })]);
  await worked.model.complete(ask);
  for (let i = 0; i < 59; i++) await rejection(worked.model.complete(ask), RejectError);
  const alike = await rejection(worked.model.complete(ask), ModelError);
  assert.match(alike.message, /the last 20 requests were refused alike; last: .*no way 17/);
  assert.equal(alike.exitCode, 4);
});

test('a server that was never reached stops the run after the attempts of a call', async () => {
  const gone = failure('connect', { serverMessage: 'connect ECONNREFUSED' });
  const { model, requests } = play([gone]);
  const error = await rejection(model.complete(ask), ModelError);
  assert.match(error.message, /ECONNREFUSED; no call has reached it yet/);
  assert.equal(requests.length, 6);
});

const away: [string, AttemptError][] = [
  ['a refused connection', failure('connect', { serverMessage: 'connect ECONNREFUSED' })],
  ['a 502', status(502, { isPage: true })],
  ['a 503', status(503, { serverMessage: 'Service Unavailable' })],
];
for (const [name, gone] of away) {
  test(`once a server has worked, ${name} costs no attempt: the run waits, and stops after 30 minutes`, async () => {
    const { model, sleeps } = play([good, ...Array(12).fill(gone), good, gone], { maxAttempts: 1 });
    await model.complete(ask);
    assert.equal((await model.complete(ask)).attempts, 1);
    const before = sleeps.reduce((sum, ms) => sum + ms, 0);
    const error = await rejection(model.complete(ask), ModelError);
    assert.match(error.message, /no success for 30 minutes/);
    assert.equal(error.exitCode, 4);
    const waited = sleeps.reduce((sum, ms) => sum + ms, 0) - before;
    assert.ok(waited > 1_800_000 && waited < 1_900_000, `${waited} ms`);
  });
}

const foreign: [string, AttemptError][] = [
  ['an HTML page', failure('html-body', { status: 200, serverMessage: 'an HTML page (Please sign in)' })],
  ['a 502 page', status(502, { serverMessage: 'an HTML page (Please sign in)', isPage: true })],
  ['an encoding that cannot be read', failure('encoding', { serverMessage: 'Please sign in' })],
];
for (const [name, page] of foreign) {
  test(`an address that answered nothing but ${name} stops the run after three tries`, async () => {
    const { model, requests } = play([page]);
    const error = await rejection(model.complete(ask), ModelError);
    assert.match(error.message, /Please sign in.*; no call has succeeded yet/);
    assert.equal(error.exitCode, 4);
    assert.equal(requests.length, 3);
  });
}

test('pages count as no try while another call is in flight, which may succeed', () => {
  const health = new EndpointHealth({ clock: { now: () => 0, sleep: async () => {} } });
  void health.attempt(() => new Promise(() => {}));
  for (let i = 0; i < 20; i++) void health.attempt(() => Promise.reject(status(503, { isPage: true }))).catch(() => {});
  assert.ok(!health.stopped.aborted);
});

test('a reset further off than the longest hold stops the run, and the message says when it is', async () => {
  const { model } = play([status(429, { retryAfterMs: 9 * 3_600_000, serverMessage: 'slow down' })]);
  const error = await rejection(model.complete(ask), ModelError);
  assert.match(error.message, /slow down; the limit resets in 9h 00m, longer than a run waits \(10m 00s\)/);
  assert.equal(error.exitCode, 4);
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
