import assert from 'node:assert/strict';
import test from 'node:test';
import { isListColumn, parseStringList } from '../../../src/io/parse/stringList.js';

test('parseStringList reads lists of JSON and of Python', () => {
  const cases: [text: string, list: string[] | undefined][] = [
    ['["a", "b\\n"]', ['a', 'b\n']],
    ["['a', 'b']", ['a', 'b']],
    [`['one', "it's", 'a "b"', 'c\\'d', 'e\\nf', 'g\\\\h']`, ['one', "it's", 'a "b"', "c'd", 'e\nf', 'g\\h']],
    ["['caf\\xe9', '\\u6f6e\\U0001F600']", ['café', '潮😀']],
    ["['a', 'b, ]c']", ['a', 'b, ]c']],
    ['[]', []],
    ['[1, 2]', undefined],
    ["['a' 'b']", undefined],
    ["['open]", undefined],
    ['[a](link)', undefined],
    ['text', undefined],
  ];
  for (const [text, list] of cases) assert.deepEqual(parseStringList(text), list, text);
});

test('isListColumn goes by the name of a column', () => {
  assert.deepEqual(['hard_negatives', 'neg', 'pos', 'my_negatives'].map(isListColumn), Array(4).fill(true));
  assert.deepEqual(['text', 'negation', 'position', 'title'].map(isListColumn), Array(4).fill(false));
});
