import assert from 'node:assert/strict';
import test from 'node:test';
import { CircuitBreaker, type CircuitBreakerOptions } from '../../../src/llm/limits/circuitBreaker.js';
import { ask, failure, good, play, status } from '../playedModel.js';

const pauses = { probeDelayMs: 1000, maxProbeDelayMs: 60_000 };

function onClock(options: Partial<CircuitBreakerOptions> = {}) {
  const time = { now: 0 };
  return {
    breaker: new CircuitBreaker({ now: () => time.now, sleep: async () => {} }, { ...pauses, ...options }),
    time,
  };
}
const times = (count: number, act: () => void) => {
  for (let i = 0; i < count; i++) act();
};

test('the circuit breaker trips when over half of the last 100 attempts failed, and not before', () => {
  const { breaker } = onClock();
  times(200, () => breaker.succeeded());
  times(50, () => assert.equal(breaker.failed(), false));
  assert.equal(breaker.readyInMs(), 0);
  assert.equal(breaker.failed(), true);
  assert.ok(breaker.isTripped);
});

test('failures that are older than the last 100 attempts count no more', () => {
  const { breaker } = onClock();
  times(50, () => breaker.failed());
  times(60, () => breaker.succeeded());
  times(45, () => breaker.failed());
  assert.equal(breaker.isTripped, false);
});

test('one probe goes out at a time, after pauses that double up to a cap', () => {
  const { breaker, time } = onClock({ tripsInARow: 3, maxProbeDelayMs: 5000 });
  times(3, () => breaker.failed());
  for (const pauseMs of [1000, 2000, 4000, 5000, 5000]) {
    time.now += pauseMs - 1;
    assert.ok(breaker.readyInMs() > 0, `a probe before ${pauseMs} ms`);
    time.now += 1;
    assert.equal(breaker.readyInMs(), 0);
    assert.equal(breaker.enter(), true);
    assert.ok(breaker.readyInMs() > 0, 'a second probe beside the first');
    breaker.failed();
    breaker.leave();
  }
});

test('any success ends the probing, and the failures before it are forgotten', () => {
  const { breaker } = onClock();
  times(51, () => breaker.failed());
  times(100, () => breaker.failed());
  breaker.succeeded();
  assert.equal(breaker.readyInMs(), 0);
  assert.equal(breaker.enter(), false);
  times(50, () => assert.equal(breaker.failed(), false));
  assert.equal(breaker.failed(), true);
});

test('while a server is probed no call spends its attempts on it', async () => {
  const outage = Array(75).fill(status(503));
  const { model, requests } = play([good, ...outage, good]);
  const completions = await Promise.all(Array.from({ length: 20 }, () => model.complete(ask)));
  assert.equal(completions.length, 20);
  assert.ok(completions.every(({ attempts }) => attempts <= 6));
  assert.ok(requests.length > 75);
});

test('of a server that was never reached, calls are turned away once its probes have failed', async () => {
  const { model } = play([failure('connect', { serverMessage: 'connect ECONNREFUSED' })], { maxAttempts: 1000 });
  const results = await Promise.allSettled(Array.from({ length: 60 }, () => model.complete(ask)));
  const messages = new Set(results.map((result) => result.status === 'rejected' && String(result.reason.message)));
  assert.deepEqual([...messages], ['api.example: connect ECONNREFUSED; no call has reached it yet']);
});
