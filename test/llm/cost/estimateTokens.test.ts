import assert from 'node:assert/strict';
import test from 'node:test';
import { estimatePromptTokens, estimateTokens } from '../../../src/llm/cost/estimateTokens.js';

const texts: [string, number][] = [
  ['', 0],
  ['four', 1],
  ['fives', 2],
  ['naïve é', 2],
  ['ледник', 3],
  ['光合作用', 4],
  ['🎉', 2],
  ['ice 冰', 2],
];
for (const [text, tokens] of texts) {
  test(`"${text}" is taken for ${tokens} tokens`, () => {
    assert.equal(estimateTokens(text), tokens);
  });
}

test('a message costs 4 tokens more than its text', () => {
  assert.equal(estimatePromptTokens([{ role: 'user', content: 'four' }]), 5);
});
