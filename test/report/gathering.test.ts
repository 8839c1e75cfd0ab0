import assert from 'node:assert/strict';
import test from 'node:test';
import { opening } from '../../src/report/cut.js';
import { Distribution, histogram } from '../../src/report/distribution.js';
import { NearDuplicateWindow, SeenHashes } from '../../src/report/duplicates.js';
import { FrequentKeys } from '../../src/report/frequent.js';
import { Reservoir } from '../../src/report/reservoir.js';
import { seededRandom } from '../../src/util/random.js';

test('the quantiles of a distribution are right within 1.6 %, and exact for whole numbers up to 128', () => {
  const random = seededRandom('distribution');
  for (const scale of [1, 100, 50_000]) {
    const distribution = new Distribution();
    const numbers = Array.from({ length: 5000 }, () => random() ** 2 * scale);
    for (const number of numbers) distribution.add(number);
    numbers.sort((a, b) => a - b);
    for (const share of [0.05, 0.5, 0.95]) {
      const exact = numbers[Math.ceil(share * numbers.length) - 1] as number;
      const estimated = distribution.quantile(share);
      assert.ok(Math.abs(estimated - exact) <= exact / 60, `${share} of ${scale}: ${estimated}, not ${exact}`);
    }
  }
  const whole = new Distribution();
  for (let number = 0; number <= 100; number++) whole.add(number);
  assert.equal(whole.quantile(0.5), 50);
  assert.equal(whole.below(20), 20);
  assert.equal(whole.mean, 50);
});

test('the opening of a text ends with … only if there is more', () => {
  assert.equal(opening('spring tides', 12), 'spring tides');
  assert.equal(opening('spring tides', 11), 'spring tide …');
  assert.equal(opening('spring tides', 7), 'spring …');
});

test('a histogram has the right count below each edge, give or take 1.6 % of the edge', () => {
  const random = seededRandom('histogram');
  const lengths = Array.from({ length: 10_000 }, (_, i) =>
    Math.floor(20 + random() * 400 + (i % 500 === 0 ? 20_000 : 0)),
  );
  const scores = Array.from({ length: 10_000 }, () => 0.3 + random());
  for (const [numbers, options] of [
    [lengths, { whole: true }],
    [scores, {}],
  ] as const) {
    const distribution = new Distribution();
    for (const number of numbers) distribution.add(number);
    const drawn = histogram({ one: distribution }, options);
    const bins = drawn?.series[0]?.bins ?? [];
    assert.ok(bins.length > 10 && bins.length <= 40, String(bins.length));
    const below = (edge: number) => numbers.filter((number) => number < edge).length;
    let sum = 0;
    for (const { to, count } of bins) {
      sum += count;
      assert.ok(sum >= below(to * 0.984) - bins.length && sum <= below(to * 1.016) + bins.length, `${sum} below ${to}`);
    }
    assert.equal(sum + (drawn?.beyond ?? 0), numbers.length);
  }
  assert.equal(histogram({ none: new Distribution() }), undefined);
});

test('a histogram of ranks has a bin for each', () => {
  const ranks = new Distribution();
  for (const rank of [1, 1, 1, 2, 5]) ranks.add(rank);
  const bins = histogram({ ranks }, { whole: true })?.series[0]?.bins;
  assert.deepEqual(
    bins?.map(({ from, count }) => [from, count]),
    [
      [1, 3],
      [2, 1],
      [3, 0],
      [4, 0],
      [5, 1],
    ],
  );
});

test('a histogram of one number over and over has it in a bin', () => {
  const same = new Distribution();
  for (let i = 0; i < 50; i++) same.add(0.684);
  const drawn = histogram({ same });
  assert.deepEqual([drawn?.beyond, drawn?.series[0]?.bins.map(({ count }) => count)], [0, [50]]);
});

test('frequent keys are counted with no more than `slack` missing, however many keys come', () => {
  const random = seededRandom('frequent');
  const frequent = new FrequentKeys(100);
  const exact = new Map<string, number>();
  for (let i = 0; i < 50_000; i++) {
    const key = `k${Math.floor(random() ** 8 * 20_000)}`;
    frequent.add(key);
    exact.set(key, (exact.get(key) ?? 0) + 1);
  }
  const [most] = [...exact].sort((a, b) => b[1] - a[1]);
  const top = frequent.top(10);
  assert.equal(top[0]?.key, most?.[0]);
  assert.ok(frequent.slack > 0 && frequent.slack < 2000, String(frequent.slack));
  for (const { key, count } of top) {
    const real = exact.get(key) as number;
    assert.ok(count <= real && count >= real - frequent.slack, `${key}: ${count} of ${real}`);
  }
  const few = new FrequentKeys(100);
  for (const key of ['a', 'b', 'a']) few.add(key, () => `about ${key}`);
  assert.deepEqual(few.top(1), [{ key: 'a', example: 'about a', count: 2 }]);
  assert.equal(few.slack, 0);
});

test('a set of hashes recognises a hash that was added, and no other', () => {
  const seen = new SeenHashes(2 ** 14);
  let again = 0;
  let false0 = 0;
  for (let i = 1; i <= 4000; i++) if (seen.add(i, i * 7)) false0++;
  for (let i = 1; i <= 4000; i++) if (seen.add(i, i * 7)) again++;
  assert.equal(false0, 0);
  assert.ok(again >= 3980, String(again));
});

test('a text with few words changed is found among earlier ones, and a different text is not', () => {
  const random = seededRandom('near');
  const word = () => `w${Math.floor(random() * 5000)}`;
  const window = new NearDuplicateWindow(0.7, 1024);
  const texts = Array.from({ length: 300 }, () => Array.from({ length: 40 }, word));
  for (const [at, words] of texts.entries()) assert.equal(window.add(words.join(' '), at), undefined);
  let found = 0;
  for (const [at, words] of texts.entries()) {
    if (window.add(words.with(20, 'changed').join(' ').toUpperCase(), 1000 + at) === at) found++;
  }
  assert.ok(found >= 285, `${found} of 300`);
});

test('texts beyond the window are forgotten', () => {
  const window = new NearDuplicateWindow(0.7, 16);
  const text = (at: number) => `one text ${at} of words ${at + 1} that differ ${at + 2} each ${at + 3} time ${at + 4}`;
  window.add(text(0), 0);
  assert.equal(window.add(text(0), 1), 0);
  for (let at = 100; at < 140; at++) window.add(text(at * 10), at);
  assert.equal(window.add(text(0), 200), undefined);
});

test('a reservoir keeps each item with the same chance, and makes only the items that it keeps', () => {
  const kept = new Float64Array(100);
  let made = 0;
  for (let round = 0; round < 400; round++) {
    const reservoir = new Reservoir<number>(10, seededRandom('reservoir', round));
    for (let i = 0; i < 100; i++) {
      reservoir.offer(() => {
        made++;
        return i;
      });
    }
    assert.equal(new Set(reservoir.items).size, 10);
    for (const item of reservoir.items) kept[item] = (kept[item] as number) + 1;
  }
  assert.ok(made < 400 * 45, String(made));
  // 40 expected, with a deviation of 6.
  assert.ok(Math.min(...kept) > 40 - 5 * 6 && Math.max(...kept) < 40 + 5 * 6);
});
