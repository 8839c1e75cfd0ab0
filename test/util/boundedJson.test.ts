import assert from 'node:assert/strict';
import test from 'node:test';
import { valuesIn } from '../../src/util/boundedJson.js';

test('strings count as one value, whatever brackets, commas, quotes and backslashes they hold', () => {
  const texts = ['', 'a,b', '[[{', '"', '\\', '\\\\', '\\"', '",', '\\\\",[', 'x\\', '\u2028"', ',"\\"'.repeat(100)];
  for (const one of texts) {
    const json = JSON.stringify([one, { [one]: one }, 1]);
    // A list, an object, and the commas between three items.
    assert.equal(valuesIn(json), 1 + 1 + 1 + 2, json);
  }
  assert.equal(valuesIn('["never closed \\"'), 2);
  assert.equal(valuesIn('['.repeat(1001)), Number.POSITIVE_INFINITY);
});

test('a long run of backslashes and quotes takes time in proportion to its length', () => {
  const json = JSON.stringify('\\"'.repeat(500_000));
  const began = performance.now();
  assert.equal(valuesIn(json), 1);
  assert.ok(performance.now() - began < 2000);
});
