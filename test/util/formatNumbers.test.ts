import assert from 'node:assert/strict';
import test from 'node:test';
import { formatCompact, formatCount, formatSeconds } from '../../src/util/formatNumbers.js';
import { seeded } from '../support/crash.js';

test('counts are written as Intl.NumberFormat writes them in English', () => {
  const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
  const random = seeded(7);
  const edges = [
    0, 1, 9, 99, 999, 999.4, 1000, 1005, 9995, 99_949, 999_499, 999_500, 1e6, 999_999_999, 1e9, 1e12, 999e12,
  ];
  for (const count of [...edges, ...Array.from({ length: 2000 }, () => Math.floor(10 ** (15 * random())))]) {
    assert.equal(formatCount(count), whole.format(count));
    assert.equal(formatCompact(count), compact.format(count), String(count));
  }
  assert.equal(formatCount(1234.5678), '1,235');
  assert.equal(formatCompact(0.25), '0.25');
});

for (const [seconds, words] of [
  [0.0004, '1 ms'],
  [0.084, '84 ms'],
  [8.44, '8.4 s'],
  [59.4, '59 s'],
  [192, '3m 12s'],
  [7500, '2h 05m'],
] as const) {
  test(`${seconds} seconds are written as ${words}`, () => assert.equal(formatSeconds(seconds), words));
}
