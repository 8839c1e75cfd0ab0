import assert from 'node:assert/strict';
import test from 'node:test';
import { endsInAnswer } from '../../src/answers/endsInAnswer.js';
import { decodeString } from '../../src/answers/escapes.js';
import { finishKind } from '../../src/answers/finishReason.js';
import { partAnswer } from '../../src/answers/partAnswer.js';
import { namesFile } from '../../src/answers/servedName.js';

const parted: [name: string, raw: string, text: string, thinking?: string | undefined, cut?: string][] = [
  ['<Thinking>', '<Thinking>\nhm\n</Thinking>\n\nyes', 'yes', 'hm'],
  ['<reasoning>', '<reasoning>hm</reasoning>yes', 'yes', 'hm'],
  ['◁think▷', '◁think▷hm◁/think▷yes', 'yes', 'hm'],
  [
    '<|begin_of_thought|>',
    '<|begin_of_thought|>hm<|end_of_thought|>\n\n<|begin_of_solution|>yes<|end_of_solution|>',
    'yes',
    'hm',
    '<|end_of_solution|>',
  ],
  [
    '<|START_THINKING|>',
    '<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>',
    'yes',
    'hm',
    '<|END_RESPONSE|>',
  ],
  ['a few words before <think>', 'Sure! <think>hm</think>yes', 'yes', 'Sure!\n\nhm'],
  ['two blocks', '<think>a</think>\n<think>b</think>\nyes', 'yes', 'a\n\nb'],
  ['a closer too many', '<think>a</think>\nb\n</think>\nyes', 'yes', 'a\n\nb'],
  ['a closer at the end', '<think>a</think>yes</think>', 'yes', 'a'],
  ['a block that never ends', '<think>\nhm {"a": 1}', '', 'hm {"a": 1}'],
  [
    'channels',
    '<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>yes<|return|>',
    'yes',
    'hm',
    '<|return|>',
  ],
  ['channels without their tokens', 'analysisWe think.assistantfinalyes', 'yes', 'We think.'],
  ['a channel that ends in no answer', '<|channel|>analysis<|message|>hm', '', 'hm'],
  ['<|im_end|>', 'yes<|im_end|>', 'yes', undefined, '<|im_end|>'],
  [
    '<|eot_id|> and an invented turn',
    'yes<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThanks',
    'yes',
    undefined,
    '<|eot_id|>',
  ],
  [
    'an invented turn with thinking',
    'yes.<|im_end|>\n<|im_start|>assistant\n<think>hm</think>no',
    'yes.',
    undefined,
    '<|im_end|>',
  ],
  [
    'an invented turn without tokens',
    'Two hours.\nuser\nThanks!\nassistant\nYou are welcome',
    'Two hours.',
    undefined,
    'user',
  ],
  ['<｜end▁of▁sentence｜>', 'yes<｜end▁of▁sentence｜>', 'yes', undefined, '<｜end▁of▁sentence｜>'],
  ['<end_of_turn>', 'yes<end_of_turn>\n<start_of_turn>user', 'yes', undefined, '<end_of_turn>'],
  ['the opening of a turn', '<|im_start|>assistant\n<think>hm</think>yes', 'yes', 'hm'],
  [
    'a token that a sentence mentions',
    'ChatML ends a turn with `<|im_end|>`, and <|eot_id|> does so too.',
    'ChatML ends a turn with `<|im_end|>`, and <|eot_id|> does so too.',
  ],
  ['a token in a block of code', 'So:\n```\nhi<|im_end|>\n```\nDone.', 'So:\n```\nhi<|im_end|>\n```\nDone.'],
  ['a token in a string of JSON', '{"q": "a<|im_end|>", "s": "b"}', '{"q": "a<|im_end|>", "s": "b"}'],
  ['a closer in a string of JSON', '{"q": "Why write </think> last?"}', '{"q": "Why write </think> last?"}'],
  ['a training text', '<think>hm</think>\n<answer>yes</answer>', '<think>hm</think>\n<answer>yes</answer>'],
];
for (const [name, raw, text, thinking, cut] of parted) {
  test(`an answer is parted into thinking and text: ${name}`, () => {
    const read = partAnswer(raw);
    assert.deepEqual([read.text, read.thinking, read.cut], [text, thinking, cut]);
  });
}

test('finish reasons are whole, cut off, filtered, failed or unknown, in any spelling', () => {
  const kinds = {
    whole: ['stop', 'STOP', 'eos', 'eos_token', 'end_turn', 'stop_sequence', 'unknown', 'tool_calls'],
    length: ['length', 'MAX_TOKENS', 'max_output_tokens'],
    context: ['model_length', 'model_context_window_exceeded'],
    filtered: ['content_filter', 'SAFETY', 'sensitive', 'RECITATION'],
    refusal: ['refusal'],
    failed: [
      'error',
      'abort',
      'network_error',
      'insufficient_system_resource',
      'repetition',
      'MALFORMED_FUNCTION_CALL',
    ],
    unknown: ['out_of_ink'],
  };
  for (const [kind, reasons] of Object.entries(kinds)) {
    for (const reason of reasons) assert.equal(finishKind(reason), kind, reason);
  }
  assert.equal(finishKind(undefined), 'whole');
});

const strings: [raw: string, text: string][] = [
  [
    String.raw`\nu, \beta, \tau, \rho, \theta, \nabla, \neq, \right, \begin{x}`,
    String.raw`\nu, \beta, \tau, \rho, \theta, \nabla, \neq, \right, \begin{x}`,
  ],
  [String.raw`\\frac{a}{b} and \\nu`, String.raw`\frac{a}{b} and \nu`],
  [String.raw`one\ntwo\n\nThen\tthree`, 'one\ntwo\n\nThen\tthree'],
  [String.raw`1.\tan example`, '1.\tan example'],
  [String.raw`$\tan x$`, String.raw`$\tan x$`],
  [String.raw`a \\ \beta`, String.raw`a \\ \beta`],
  [String.raw`match \d+\s\w and \bword\b`, String.raw`match \d+\s\w and \bword\b`],
  [String.raw`C:\temp\new_files and C:\Users\bob`, String.raw`C:\temp\new_files and C:\Users\bob`],
  [String.raw`C:\\temp\\new`, String.raw`C:\temp\new`],
  [String.raw`\\server\share\new`, String.raw`\\server\share\new`],
  [String.raw`Which?\nA:\nThe first`, 'Which?\nA:\nThe first'],
  [String.raw`\underbrace{a} \u00e9 \ud83c\udf0a \ud83d \u0000.`, '\\underbrace{a} é 🌊 \ufffd .'],
  [String.raw`a\r\nb`, 'a\nb'],
];
for (const [raw, text] of strings) {
  test(`a string is decoded as it was meant: ${raw}`, () => assert.equal(decodeString(raw).text, text));
}

test('a control character that is left of a command decoded before is reported as damage', () => {
  for (const raw of ['a \f' + 'rac{1}{2}', 'b \beta', 'c \times'])
    assert.ok(decodeString(raw).isDamaged, JSON.stringify(raw));
  for (const raw of ['a\tb', 'a\nu', 'x\n']) assert.ok(!decodeString(raw).isDamaged, JSON.stringify(raw));
});

test('reasoning counts as an answer if it is JSON or ends in a conclusion', () => {
  for (const text of [
    '{"a": {"b": "c"}}',
    'Hm.\n```json\n{"a": "b"}\n```',
    'It turns on timing. So the answer is two hours later.',
    '综上所述，答案是两小时。',
  ])
    assert.ok(endsInAnswer(text), text);
  for (const text of [
    'Let me think: the material is short.',
    'The problem turns on timing. First we',
    'The answer is either {"a": "b',
    'Hence I need to check the second document.',
  ])
    assert.ok(!endsInAnswer(text), text);
});

test('a path of a file is not taken for the name of a model', () => {
  for (const file of ['/models/qwen3-8b.gguf', 'C:\\models\\a.gguf', 'qwen3-8b-q4.gguf', './a'])
    assert.equal(namesFile(file), true, file);
  for (const name of ['gpt-4o-mini-2024-07-18', 'Qwen/Qwen3-8B', 'models/gemini-2.0-flash', 'qwen2.5:7b'])
    assert.equal(namesFile(name), false, name);
});
