import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { open } from 'lmdb';
import { Store } from '../../src/store/store.js';
import { decodeValue, encodeValue } from '../../src/store/storedValue.js';
import { DamagedStoreError } from '../../src/store/storeErrors.js';
import { workFolder } from '../support/workFolder.js';

test('a value is read as it was written, under its own key only', () => {
  for (const value of [null, 0, 'a\nb', { é: ['日本', 1.5] }, []]) {
    assert.deepEqual(decodeValue('key', encodeValue('key', value)), value);
    assert.throws(() => decodeValue('other', encodeValue('key', value)), /the value of "other" has a wrong checksum/);
  }
  assert.throws(() => decodeValue(2, encodeValue(1, 'x')), /wrong checksum/);
});

test('a value with one changed bit is refused', () => {
  const bytes = encodeValue('run', { outputBytes: 120, sessions: 3 });
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => decodeValue('run', changed), Error, `bit ${bit}`);
  }
});

test('the bare JSON of rareflow 0.1 is read', async (t) => {
  const folder = path.join(workFolder(t), 'store');
  const old = open({ path: folder, noSubdir: false });
  await old.openDB({ name: 'about', encoding: 'json' }).put('kind', { kind: 'test store', version: 1 });
  await old.openDB({ name: 'rows', encoding: 'json' }).put('a', { n: 1 });
  await old.close();
  await using store = new Store({ path: folder, kind: 'test store', version: 1 });
  const rows = store.table<string, { n: number }>('rows');
  assert.deepEqual(rows.get('a'), { n: 1 });
  rows.put('a', { n: 2 });
  assert.deepEqual(rows.entries({ limit: 1 }), [['a', { n: 2 }]]);
});

test('a store whose value was changed on disk is named as damaged', async (t) => {
  const folder = path.join(workFolder(t), 'store');
  const options = { path: folder, kind: 'test store', version: 1 };
  await using store = new Store(options);
  store.table<string>('rows', 'binary').put('a', Buffer.from(encodeValue('b', 1)));
  assert.throws(() => store.table<string, number>('rows').get('a'), DamagedStoreError);
});
