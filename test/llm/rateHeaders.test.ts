import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDelayMs, retryAfterMs } from '../../src/llm/rateHeaders.js';

const now = Date.parse('2026-11-22T12:00:00Z');

const delays: [string, number | undefined][] = [
  ['12ms', 12],
  ['7.66s', 7660],
  ['6m0s', 360_000],
  ['1h2m', 3_720_000],
  ['1d', 86_400_000],
  ['850µs', 0.85],
  ['20', 20_000],
  ['0.5', 500],
  [String(now / 1000 + 30), 30_000],
  [String(now + 1500), 1500],
  ['Sun, 22 Nov 2026 12:00:10 GMT', 10_000],
  ['2026-11-22T12:00:02Z', 2000],
  ['0', undefined],
  ['-1', undefined],
  ['0s', undefined],
  ['Sun, 22 Nov 2026 11:59:00 GMT', undefined],
  ['soon', undefined],
  ['', undefined],
];

for (const [value, expected] of delays) {
  test(`a rate header of "${value}" means ${expected === undefined ? 'nothing' : `${expected} ms`}`, () => {
    assert.equal(parseDelayMs(value, now), expected);
  });
}

const read = (headers: Record<string, string>) => retryAfterMs((name) => headers[name], now);

test('retry-after-ms goes before retry-after', () => {
  assert.equal(read({ 'retry-after-ms': '250', 'retry-after': '1' }), 250);
  assert.equal(read({ 'retry-after-ms': '-1', 'retry-after': '1' }), 1000);
});

test('a reset header counts only where its limit is used up, and the longest of them wins', () => {
  assert.equal(read({ 'x-ratelimit-reset-requests': '6m0s', 'x-ratelimit-remaining-requests': '3' }), undefined);
  assert.equal(
    read({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '7.66s',
    }),
    7660,
  );
});

test('no rate header means no hint', () => {
  assert.equal(read({}), undefined);
});
