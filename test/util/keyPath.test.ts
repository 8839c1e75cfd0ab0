import assert from 'node:assert/strict';
import test from 'node:test';
import { documentKey, likelyTextPath, otherNameOf, valueAt } from '../../src/util/keyPath.js';

test('valueAt reads keys, paths, several keys and the usual other names', () => {
  const record = {
    title: 'T',
    text: 'x',
    'a.b': 'own',
    data: { text: 'inner', list: ['p', 'q'] },
    parts: [{ text: 'one' }, { text: 'two' }],
    blank: '',
    none: null,
  };
  const cases: [key: string, value: unknown][] = [
    ['text', 'x'],
    ['a.b', 'own'],
    ['data.text', 'inner'],
    ['data.list', ['p', 'q']],
    ['data.list.*', 'p\nq'],
    ['data.list.1', 'q'],
    ['parts.*.text', 'one\ntwo'],
    ['parts.*.absent', undefined],
    ['title,text', 'T\nx'],
    ['absent, text', 'x'],
    ['blank,none,text', 'x'],
    ['title,absent', undefined],
    ['title,data', record.data],
    ['constructor', undefined],
    ['data.constructor', undefined],
    ['none', null],
  ];
  for (const [key, value] of cases) assert.deepEqual(valueAt(record, key), value, key);
  assert.equal(valueAt({ _id: 7, contents: 'c' }, 'id'), 7);
  assert.equal(valueAt({ docid: 'd', contents: 'c' }, 'text'), 'c');
  assert.equal(valueAt({ text: null, contents: 'c' }, 'text'), null);
  assert.equal(valueAt({ contents: ['c'] }, 'text'), undefined);
});

test('otherNameOf names the key that is read instead', () => {
  assert.equal(otherNameOf({ _id: 'a' }, 'id'), '_id');
  assert.equal(otherNameOf({ id: 'a', _id: 'b' }, 'id'), undefined);
  assert.equal(otherNameOf({ _id: 'a' }, 'name'), undefined);
});

test('documentKey puts the title before the text', () => {
  assert.equal(documentKey({ textKey: 'text' }), 'text');
  assert.equal(valueAt({ t: 'T', text: 'x' }, documentKey({ textKey: 'text', titleKey: 't' })), 'T\nx');
});

test('likelyTextPath finds a text within a record', () => {
  assert.equal(likelyTextPath({ id: 1, doc: { text: 'a' } }), 'doc.text');
  assert.equal(likelyTextPath({ id: 1, body: 'a' }), 'body');
  assert.equal(likelyTextPath({ text: ['a', 'b'] }), 'text.*');
  assert.equal(likelyTextPath({ items: [{ content: 'a' }] }), 'items.*.content');
  assert.equal(likelyTextPath({ id: 1, n: { m: 2 } }), undefined);
});
