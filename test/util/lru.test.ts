import assert from 'node:assert/strict';
import test from 'node:test';
import { LruCache } from '../../src/util/lru.js';

test('the entries that were used last are kept', () => {
  const cache = new LruCache<string, number>({ maxWeight: 2 });
  cache.set('a', 1);
  cache.set('b', 2);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)),
    [1, undefined, 3],
  );
  assert.deepEqual([cache.size, cache.weight], [2, 2]);
  assert.deepEqual(cache.values(), [1, 3]);
});

test('entries are dropped until the weight fits', () => {
  const cache = new LruCache<number, string>({ maxWeight: 10, weightOf: (text) => text.length });
  cache.set(1, '1234');
  cache.set(2, '1234');
  cache.set(3, '123456');
  assert.deepEqual(
    [1, 2, 3].map((key) => cache.get(key)),
    [undefined, '1234', '123456'],
  );
  cache.set(4, 'heavier than all of it');
  assert.deepEqual([cache.size, cache.get(4)], [2, undefined]);
});

test('a value set again is weighed again', () => {
  const cache = new LruCache<number, string>({ maxWeight: 10, weightOf: (text) => text.length });
  cache.set(1, '12345678');
  cache.set(1, '12');
  assert.equal(cache.weight, 2);
  cache.delete(1);
  cache.delete(2);
  assert.deepEqual([cache.size, cache.weight], [0, 0]);
});
