import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDelayMs, readRates, retryAfterMs, shortageMs } from '../../../src/llm/limits/rateLimitHeaders.js';

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

test('a reset header counts only if its limit is used up, and the longest of them wins', () => {
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

const readAll = (headers: Record<string, string>) => readRates((name) => headers[name], now);

test('the limits of requests and of tokens are read, each with its remainder and its reset', () => {
  const headers = {
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-limit-tokens': '30000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '1m0s',
  };
  assert.deepEqual(readAll(headers), {
    requests: { limit: 500, remaining: 499, resetMs: 120 },
    tokens: { limit: 30_000, remaining: 0, resetMs: 60_000 },
  });
});

for (const value of ['0', '-1', 'unlimited', '']) {
  test(`a limit of "${value}" is not a limit`, () => {
    assert.deepEqual(readAll({ 'x-ratelimit-limit-requests': value, 'x-ratelimit-remaining-requests': value }), {
      requests: undefined,
      tokens: undefined,
    });
  });
}

test('a call waits for missing requests or tokens at the pace of the limit, and no longer than the reset', () => {
  const limited = { limit: 600, remaining: 4, resetMs: 60_000 };
  assert.equal(shortageMs(limited, 1), 600); // a second's worth is 10
  assert.equal(shortageMs(limited, 24), 2000);
  assert.equal(shortageMs({ ...limited, resetMs: 300 }, 24), 300);
  assert.equal(shortageMs({ ...limited, remaining: 24 }, 24), 0);
  assert.equal(shortageMs({ ...limited, remaining: undefined }, 24), 0);
  assert.equal(shortageMs({ ...limited, resetMs: undefined }, 24), 0);
});
