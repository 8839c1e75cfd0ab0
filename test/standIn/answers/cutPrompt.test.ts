import assert from 'node:assert/strict';
import test from 'node:test';
import { estimatePromptTokens } from '../../../src/llm/cost/estimateTokens.js';
import { cutPrompt } from '../../../src/standIn/answers/cutPrompt.js';

test('a prompt over the limit loses the beginning of its longest message, and others are read as they are', () => {
  const messages = [
    { role: 'system' as const, content: 'Answer.' },
    { role: 'user' as const, content: `${'start '.repeat(1000)}end` },
  ];
  const whole = estimatePromptTokens(messages);
  assert.deepEqual(cutPrompt(messages), { messages, tokens: whole });
  assert.deepEqual(cutPrompt(messages, whole), { messages, tokens: whole });
  const { messages: read, tokens } = cutPrompt(messages, 200);
  assert.equal(tokens, 200);
  assert.equal(read[0]?.content, 'Answer.');
  assert.match(read[1]?.content ?? '', /start end$/);
  assert.ok(Math.abs(estimatePromptTokens(read) - 200) <= 1, String(estimatePromptTokens(read)));
});
