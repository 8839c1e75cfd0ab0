import assert from 'node:assert/strict';
import test from 'node:test';
import { RecordCounter, recordKey } from '../../../src/standIn/http/recordCounter.js';

test('calls are counted by record; beyond its size the record asked about longest ago is forgotten', () => {
  const counter = new RecordCounter(2);
  assert.deepEqual(
    ['a', 'b', 'a', 'a', 'c', 'a', 'b'].map((key) => counter.next(key)),
    [1, 1, 2, 3, 1, 4, 1],
  );
});

test('a record is known by the first thing that the user said', () => {
  const user = { role: 'user', content: 'The tide.' } as const;
  const key = recordKey([{ role: 'system', content: 'Ask.' }, user]);
  assert.equal(recordKey([user, { role: 'assistant', content: 'no' }, { role: 'user', content: 'Again.' }]), key);
  assert.notEqual(recordKey([{ ...user, content: 'The ebb.' }]), key);
});
