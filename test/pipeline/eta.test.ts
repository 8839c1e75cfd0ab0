import assert from 'node:assert/strict';
import test from 'node:test';
import { EtaEstimate } from '../../src/pipeline/eta.js';
import { RecentRates } from '../../src/util/recentRates.js';

/** Returns the estimate after some seconds of a pace, in shares a second. */
function after(seconds: number, pace: (second: number) => number) {
  const estimate = new EtaEstimate();
  let share = 0;
  let eta = estimate.next(share, 0);
  for (let second = 1; second <= seconds; second++) {
    share += pace(second);
    eta = estimate.next(share, second * 1000);
  }
  return { share, eta };
}

test('an even pace has an end without uncertainty', () => {
  const { eta } = after(60, () => 0.001);
  assert.deepEqual(
    [eta?.low, eta?.mid, eta?.high].map((seconds) => seconds?.toFixed(3)),
    ['940.000', '940.000', '940.000'],
  );
});

test('the interval holds the true end of a noisy pace about 95 times in 100', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let held = 0;
  for (let run = 0; run < 400; run++) {
    const { share, eta } = after(60, () => 0.002 * random());
    const left = (1 - share) / 0.001;
    if (eta !== undefined && eta.low <= left && left <= (eta.high ?? Number.POSITIVE_INFINITY)) held += 1;
  }
  assert.ok(held > 360 && held < 398, `${held} of 400`);
});

test('an uneven pace has no latest end, and after a few seconds there is no estimate', () => {
  const { eta } = after(60, (second) => (second % 30 === 0 ? 0.01 : 0));
  assert.ok(eta !== undefined && eta.low > 0 && eta.high === undefined, JSON.stringify(eta));
  assert.equal(after(2, () => 0.001).eta, undefined);
  assert.equal(after(60, () => 0).eta, undefined);
});

test('after five minutes a new pace is the only one that counts', () => {
  const { share, eta } = after(700, (second) => (second <= 300 ? 0.002 : 0.0001));
  assert.equal(eta?.mid.toFixed(0), ((1 - share) / 0.0001).toFixed(0));
});

test('rates cover the last 30 s, or the time since the last call', () => {
  const rates = new RecentRates([0], 30_000, 0);
  assert.deepEqual(rates.next([50], 0), [0], 'no rate without time');
  for (let second = 1; second <= 100; second++) rates.next([50 + second * (second <= 50 ? 10 : 1)], second * 1000);
  assert.deepEqual(rates.next([151], 101_000), [1]);
  const rare = new RecentRates([0], 30_000, 0);
  assert.deepEqual(rare.next([600], 60_000), [10]);
  assert.deepEqual(rare.next([1800], 120_000), [20]);
});
