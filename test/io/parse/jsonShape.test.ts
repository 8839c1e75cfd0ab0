import assert from 'node:assert/strict';
import test from 'node:test';
import { columnsToRows, jsonShape, showsShape } from '../../../src/io/parse/jsonShape.js';

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const long = 'x'.repeat(1024 * 1024);

test('jsonShape goes by the first value and what follows it', () => {
  const docs = [{ id: 1, text: 'a' }];
  const cases: [text: string, kind: string][] = [
    ['{"id":1}\n{"id":2}\n', 'lines'],
    ['{"id":1,"text":"a","data":[{"x":1}]}\n', 'lines'],
    ['{"question":"q","documents":[{"text":"a"}]}', 'lines'],
    ['[1,2]\n[3]\n', 'lines'],
    ['\uFEFF [{"id":1}]', 'array'],
    ['[\n{"id":1},\n', 'array'],
    ['[]', 'array'],
    [JSON.stringify({ version: '1', data: docs }), 'wrapped'],
    [pretty({ info: { name: 'x' }, rows: docs }), 'wrapped'],
    [`{"data":[{"id":1,"text":"${long}`, 'wrapped'],
    [`{"id":1,"text":"${long}`, 'lines'],
    ['{"data":[{"id":1}]}\n{"data":[{"id":2}]}\n', 'lines'],
    ['{"id":[1,2],"text":["a","b"]}', 'columns'],
    ['{"id":{"0":"a","1":"b"},"text":{"0":"c","1":"d"}}', 'columns'],
    [pretty({ id: [1, 2], text: ['a', 'b'] }), 'columns'],
    ['{"id":[1,2],"text":["a"]}', 'lines'],
    [pretty({ one: 1, two: { three: 3 } }), 'object'],
    [`{'id': 1}\n`, 'lines'],
    ['', 'lines'],
  ];
  for (const [text, kind] of cases) assert.equal(jsonShape(Buffer.from(text)).kind, kind, text.slice(0, 60));
});

test('a first record is not held back by the wait for a second', () => {
  assert.equal(showsShape(Buffer.from('{"id":1,"text":"a"}\n')), true);
  assert.equal(showsShape(Buffer.from('{"id":1,"text":"a"')), false);
  assert.equal(showsShape(Buffer.from('{"data":[{"id":1}]}\n')), false);
});

test('columnsToRows needs columns of one length', () => {
  assert.deepEqual(columnsToRows({ a: [1, 2], b: ['x', 'y'] }), [
    { a: 1, b: 'x' },
    { a: 2, b: 'y' },
  ]);
  assert.equal(columnsToRows({ a: [1], b: 'x' }), undefined);
  assert.equal(columnsToRows({}), undefined);
});
