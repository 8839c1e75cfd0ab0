import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sortedOrder } from '../../../src/search/indexing/sortedOrder.js';

test('the order of strings is that of sort(), any strings', () => {
  const unit = fc.constantFrom('a', 'b', 'z', '\0', '~', '\x7f', 'é', '中', '\ud83d', '\ude00', '\uffff');
  const text = fc.array(unit, { maxLength: 7 }).map((units) => units.join(''));
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 40 }), (strings) => {
      assert.deepEqual(
        Array.from(sortedOrder(strings), (at) => strings[at]),
        strings.toSorted(),
      );
    }),
    { numRuns: 500 },
  );
});
