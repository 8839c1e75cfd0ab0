import assert from 'node:assert/strict';
import test from 'node:test';
import { AdaptiveConcurrency } from '../../../src/llm/limits/adaptiveConcurrency.js';
import { chance } from '../../../src/standIn/faults/chance.js';

interface Server {
  /** Returns the speed of each of n calls, as a share of the speed of a call alone. */
  speed: (inFlight: number) => number;
  /** More calls than this are refused with a 429 at once. */
  refusesAbove?: number;
  /** The share of calls that end in a passing 503. */
  flaky?: number;
}

interface Outcome {
  limit: number;
  /** Calls done a second, over the second half of the time. */
  rate: number;
  refused: number;
  done: number;
}

/** Runs a server in simulated time: calls of log-normal work (median 1 s, σ = 0.8) share it, and `limit` of them are kept going. */
function simulate(server: Server, max: number, seconds: number, seed = 1): Outcome {
  const { speed, refusesAbove = Number.POSITIVE_INFINITY, flaky = 0 } = server;
  const adaptive = new AdaptiveConcurrency({ max });
  const left: number[] = [];
  const works: number[] = [];
  let now = 0;
  let made = 0;
  let done = 0;
  let doneInSecondHalf = 0;
  let refused = 0;
  while (now < seconds) {
    let backOff = false;
    while (left.length < adaptive.limit && !backOff) {
      made += 1;
      if (left.length < refusesAbove) {
        const radius = Math.sqrt(-2 * Math.log(1 - chance(seed, made, 'radius')));
        const work = Math.exp(0.8 * radius * Math.cos(2 * Math.PI * chance(seed, made, 'angle')));
        left.push(work);
        works.push(work);
        continue;
      }
      refused += 1;
      backOff = true;
      adaptive.overloaded(true);
    }
    const pace = speed(left.length);
    const least = Math.min(...left);
    // A 429 holds all calls for a tenth of a second.
    const span = backOff ? Math.min(least / pace, 0.1) : least / pace;
    now += span;
    for (let i = left.length - 1; i >= 0; i--) {
      const rest = (left[i] as number) - span * pace;
      if (rest > 1e-9) {
        left[i] = rest;
        continue;
      }
      const isFull = left.length >= adaptive.limit;
      left.splice(i, 1);
      const [work = 0] = works.splice(i, 1);
      if (chance(seed, made, i, done, 'flaky') < flaky) {
        adaptive.overloaded(false);
        continue;
      }
      done += 1;
      if (now > seconds / 2) doneInSecondHalf += 1;
      adaptive.succeeded(200 * work, now * 1000, isFull);
    }
  }
  return { limit: adaptive.limit, rate: doneInSecondHalf / (seconds / 2), refused, done };
}

const meanSeconds = Math.exp(0.32);
const unbounded = () => 1;
/** Serves `capacity` calls at full speed; more of them share it. */
const saturating = (capacity: number) => (inFlight: number) => Math.min(1, capacity / Math.max(1, inFlight));

const seeds = [1, 2, 3, 4];

test('a server that takes any number of calls is soon asked as many as allowed', () => {
  for (const seed of seeds) {
    const { limit, rate } = simulate({ speed: unbounded }, 256, 60, seed);
    assert.equal(limit, 256);
    assert.ok(rate > (0.95 * 256) / meanSeconds, `${rate} calls/s`);
  }
});

test('passing 503s of a server that is not overloaded cost no concurrency', () => {
  const { limit } = simulate({ speed: unbounded, flaky: 0.02 }, 256, 200);
  assert.equal(limit, 256);
});

test('a server that queues calls over its capacity is kept fully busy with fewer calls than allowed', () => {
  const outcomes = seeds.map((seed) => simulate({ speed: saturating(32) }, 256, 400, seed));
  for (const { rate } of outcomes) assert.ok(rate > (0.95 * 32) / meanSeconds, `${rate} calls/s`);
  const meanLimit = outcomes.reduce((sum, { limit }) => sum + limit, 0) / seeds.length;
  assert.ok(meanLimit < 128, `${meanLimit} calls at once`);
});

test('an API that answers 429 above its limit is kept busy near it, at few 429s', () => {
  for (const seed of seeds) {
    const { rate, refused, done } = simulate({ speed: unbounded, refusesAbove: 40 }, 256, 400, seed);
    assert.ok(rate > (0.75 * 40) / meanSeconds, `${rate} calls/s`);
    assert.ok(refused < 0.005 * done, `${refused} of ${done} calls were refused`);
  }
});

test('calls that the limit did not hold back say nothing about it', () => {
  const adaptive = new AdaptiveConcurrency({ max: 100 });
  for (let i = 0; i < 1000; i++) adaptive.succeeded(100, i, false);
  assert.equal(adaptive.limit, 8);
});

test('calls that were in flight together cut the limit once', () => {
  const adaptive = new AdaptiveConcurrency({ max: 100, start: 100 });
  for (let i = 0; i < 100; i++) adaptive.overloaded(true);
  assert.equal(adaptive.limit, 70);
  adaptive.overloaded(true);
  assert.equal(adaptive.limit, 49);
});
