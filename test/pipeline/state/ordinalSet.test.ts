import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { OrdinalSet } from '../../../src/pipeline/state/ordinalSet.js';

test('a set of ordinals holds the ordinals that were added, in any order, and survives JSON', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), (ordinals) => {
      const set = new OrdinalSet();
      for (const ordinal of ordinals) set.add(ordinal);
      const plain = new Set(ordinals);
      const again = new OrdinalSet(JSON.parse(JSON.stringify(set)));
      for (let ordinal = 0; ordinal <= 61; ordinal++) {
        assert.equal(set.has(ordinal), plain.has(ordinal));
        assert.equal(again.has(ordinal), plain.has(ordinal));
      }
      assert.equal(set.size, plain.size);
      let least = 0;
      while (plain.has(least)) least++;
      assert.equal(set.lowWater, least);
    }),
  );
});

test('the memory of a set of ordinals grows with its gaps, not with its size', () => {
  const set = new OrdinalSet();
  for (let ordinal = 0; ordinal < 100_000; ordinal++) if (ordinal !== 500 && ordinal !== 70_000) set.add(ordinal);
  assert.deepEqual(set.toJSON(), [0, 500, 501, 70_000, 70_001, 100_000]);
});
