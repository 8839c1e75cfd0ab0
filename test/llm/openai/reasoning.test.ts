import assert from 'node:assert/strict';
import test from 'node:test';
import type { Thinking } from '../../../src/llm/chatModel.js';
import { splitReasoning } from '../../../src/llm/openai/reasoning.js';

const content = 'yes';
const places: [string, object, Thinking['source']][] = [
  ['reasoning (OpenRouter, vLLM, Ollama)', { content, reasoning: 'hm' }, 'reasoning'],
  ['reasoning_content (DeepSeek, llama.cpp, older vLLM)', { content, reasoning_content: 'hm' }, 'reasoning_content'],
  [
    'texts of reasoning_details',
    { content, reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] },
    'reasoning_details',
  ],
  [
    'summaries of reasoning_details beside encrypted ones',
    {
      content,
      reasoning_details: [
        { type: 'reasoning.encrypted', data: 'Zm9v' },
        { type: 'reasoning.summary', summary: 'hm' },
      ],
    },
    'reasoning_details',
  ],
  ['thinking (Ollama of its own)', { content, thinking: 'hm' }, 'thinking'],
  [
    'parts of thinking (Anthropic)',
    {
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'yes' },
      ],
    },
    'content-parts',
  ],
  [
    'parts of parts (Mistral)',
    {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'yes' },
      ],
    },
    'content-parts',
  ],
  ['a block', { content: '<think>\nhm\n</think>\n\nyes' }, 'think-block'],
  ['a block whose opener the template wrote', { content: 'hm\n</think>\n\nyes' }, 'think-block'],
  ['a block <thinking>', { content: '<thinking>hm</thinking>yes' }, 'think-block'],
  ['a block <thought> (Gemini)', { content: '<thought>hm</thought>yes' }, 'think-block'],
  ['a block [THINK] (Magistral)', { content: '[THINK]hm[/THINK]yes' }, 'think-block'],
  ['a field, and again as a block', { content: '<think>hm</think>yes', reasoning: 'hm' }, 'reasoning'],
];
for (const [name, message, source] of places) {
  test(`thinking is parted from the answer: ${name}`, () => {
    assert.deepEqual(splitReasoning(message as Record<string, unknown>), {
      text: 'yes',
      thinking: { text: 'hm', source },
    });
  });
}

const left: [string, string][] = [
  ['an answer without any', 'yes'],
  ['an empty block', '<think>\n\n</think>\n\nyes'],
  ['a tag that the answer speaks of', 'Models write <think> and </think> around it.'],
];
for (const [name, text] of left) {
  test(`there is no thinking in ${name}`, () => {
    const read = splitReasoning({ content: text, reasoning: null, reasoning_content: '', reasoning_details: [] });
    assert.equal(read.thinking, undefined);
    assert.equal(read.text, text.replace(/^<think>\s*<\/think>\s*/, ''));
  });
}

test('a text that marks its thinking and its answer is left as it is', () => {
  const whole = '<think>hm</think>\n<answer>yes</answer>';
  assert.deepEqual(splitReasoning({ content: whole }), { text: whole });
});

test('a block that never ends is all thinking, with braces or without', () => {
  assert.deepEqual(splitReasoning({ content: '<think>if {a: {' }), {
    text: '',
    thinking: { text: 'if {a: {', source: 'think-block' },
  });
});
