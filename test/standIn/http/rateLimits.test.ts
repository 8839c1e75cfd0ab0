import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RateLimits } from '../../../src/standIn/http/rateLimits.js';
import { formatDuration } from '../../../src/standIn/profiles/duration.js';
import { about, post, standInFor } from '../../support/askStandIn.js';

/** Milliseconds that sums of floating point numbers may be off. */
const rounding = 1e-6;

test('the wait that a 429 names is exact: a millisecond less is too early, and then there is room', () => {
  const limits = fc.record({
    requestsPerMinute: fc.integer({ min: 1, max: 5000 }),
    tokensPerMinute: fc.integer({ min: 1000, max: 1_000_000 }),
  });
  const calls = fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 1000 }), laterMs: fc.nat(200) }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(limits, calls, (options, arrivals) => {
      const bucket = new RateLimits({ ...options, burstSeconds: 60 });
      let nowMs = 0;
      for (const { tokens, laterMs } of arrivals) {
        nowMs += laterMs;
        const shortage = bucket.take(tokens, nowMs);
        if (shortage === undefined) continue;
        assert.ok(shortage.waitMs >= 1);
        if (shortage.waitMs > 1) assert.ok(bucket.take(tokens, nowMs + shortage.waitMs - 1 - rounding));
        assert.equal(bucket.take(tokens, nowMs + shortage.waitMs + rounding), undefined);
        nowMs += shortage.waitMs;
      }
    }),
    { numRuns: 300 },
  );
});

test('over any time the bucket lets through its content and its inflow, and no more', () => {
  const bucket = new RateLimits({ tokensPerMinute: 60_000, burstSeconds: 5 });
  let passed = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 7) if (bucket.take(100, nowMs) === undefined) passed += 100;
  assert.ok(passed <= 65_000 && passed >= 64_800, String(passed));
});

test('tokens that an answer did not use flow back; a call heavier than the bucket is refused for ever', () => {
  const bucket = new RateLimits({ tokensPerMinute: 600, burstSeconds: 60 });
  assert.equal(bucket.take(600, 0), undefined);
  assert.deepEqual(bucket.take(100, 0), {
    kind: 'tokens',
    limit: 600,
    used: 600,
    requested: 100,
    waitMs: 10_000,
  });
  bucket.settle(600, 450);
  assert.equal(bucket.take(100, 0), undefined);
  assert.equal(bucket.take(601, 0)?.waitMs, Number.POSITIVE_INFINITY);
});

test('times are written as OpenAI and Groq write them', () => {
  const times: [number, string][] = [
    [0, '0ms'],
    [12, '12ms'],
    [999.2, '1s'],
    [7660, '7.66s'],
    [360_000, '6m0s'],
    [179_560, '2m59.56s'],
    [3_720_000, '1h2m0s'],
  ];
  for (const [ms, written] of times) assert.equal(formatDuration(ms), written);
});

test('over HTTP, the headers of every answer give the limits, and a 429 the wait', async (t) => {
  const server = await standInFor(t, { requestsPerMinute: 6, tokensPerMinute: 6000, burstSeconds: 20 });
  const first = await post(server, about(1, { max_tokens: 50 }));
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('x-ratelimit-limit-requests'), '6');
  assert.equal(first.headers.get('x-ratelimit-remaining-requests'), '1');
  assert.match(first.headers.get('x-ratelimit-reset-requests') ?? '', /^(10|\d\.\d+)s$/);
  await post(server, about(2, { max_tokens: 1 }));
  const limited = await post(server, about(3, { max_tokens: 1 }));
  assert.equal(limited.status, 429);
  const waitMs = Number(limited.headers.get('retry-after-ms'));
  assert.ok(waitMs > 0 && waitMs <= 10_000, String(waitMs));
  assert.match(await limited.text(), /on (requests|tokens) per min \((RPM|TPM)\): Limit \d+, Used \d+, Requested \d+/);
  const heavy = await post(server, about(4, { max_tokens: 5000 }));
  assert.equal(heavy.status, 429);
  assert.equal(heavy.headers.get('retry-after-ms'), null);
  assert.match(await heavy.text(), /Request too large .* Limit 6000, Requested 50\d\d/);
});
