import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleOrdinals } from '../../src/flow/sampleOrdinals.js';

const sorted = (set: Set<number>) => [...set].sort((a, b) => a - b);

test('a larger sample holds each smaller one, and another seed draws others', () => {
  const small = sampleOrdinals({ count: 1000, size: 20, seed: 1 });
  const large = sampleOrdinals({ count: 1000, size: 300, seed: 1 });
  assert.equal(small.size, 20);
  assert.equal(large.size, 300);
  assert.ok([...small].every((ordinal) => large.has(ordinal)));
  assert.notDeepEqual(sorted(sampleOrdinals({ count: 1000, size: 20, seed: 2 })), sorted(small));
});

test('a sample is spread over the input: each tenth has its share within five standard deviations', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const ordinal of sampleOrdinals({ count: 100_000, size: 10_000, seed: 0 })) {
    tenths[Math.floor(ordinal / 10_000)] = (tenths[Math.floor(ordinal / 10_000)] ?? 0) + 1;
  }
  for (const inTenth of tenths) assert.ok(Math.abs(inTenth - 1000) < 150, `${tenths}`);
});

test('items that are taken in any case count for the size', () => {
  for (const [size, taken] of [
    [20, 5],
    [5, 20],
    [300, 0],
  ] as const) {
    const sample = sampleOrdinals({ count: 100, size, seed: 3, isTaken: (ordinal) => ordinal < taken });
    assert.equal(sample.size, Math.min(100, Math.max(size, taken)));
    for (let ordinal = 0; ordinal < taken; ordinal++) assert.ok(sample.has(ordinal));
  }
});
