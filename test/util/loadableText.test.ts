import assert from 'node:assert/strict';
import test from 'node:test';
import { loadableJson, loadableText } from '../../src/util/loadableText.js';

const cases: [name: string, text: string, loadable: string][] = [
  ['a lone high surrogate', 'a\ud83d b', 'a\ufffd b'],
  ['a lone low surrogate', '\udf0a', '\ufffd'],
  ['NUL', 'a\0b', 'a\ufffdb'],
  ['nothing in a pair of surrogates', '🌊', '🌊'],
  ['nothing in a text about escapes', '\\ud83d and \\u0000 and \\\\ud83d', '\\ud83d and \\u0000 and \\\\ud83d'],
];
for (const [name, text, loadable] of cases) {
  test(`U+FFFD replaces ${name}, in texts and in JSON`, () => {
    assert.equal(loadableText(text), loadable);
    assert.deepEqual(JSON.parse(loadableJson(JSON.stringify({ [text]: [text] }))), { [loadable]: [loadable] });
  });
}
