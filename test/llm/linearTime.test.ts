import assert from 'node:assert/strict';
import test from 'node:test';
import { convertThinking } from '../../src/export/thinking.js';
import { AttemptError } from '../../src/llm/failures/attemptError.js';
import { classify } from '../../src/llm/failures/classify.js';
import { highestCap, remainingContext } from '../../src/llm/failures/contextLength.js';
import { parseDelayMs } from '../../src/llm/limits/rateLimitHeaders.js';
import { isHtml, readErrorBody } from '../../src/llm/openai/errorBody.js';
import { splitReasoning } from '../../src/llm/openai/reasoning.js';
import { refusesFormat } from '../../src/llm/openai/responseFormat.js';
import { parseDoc2Query } from '../../src/operators/doc2Query/prompt.js';
import { withThinking } from '../../src/operators/reasonDistill/reasonDistill.js';
import { mentionsDocument } from '../../src/report/warnings.js';
import { promptLanguage } from '../../src/util/language.js';

/** Pieces that scans of text stumble over when they are repeated. */
const pieces = [
  ...[
    ' ',
    '\n',
    '{}',
    '{',
    '}',
    '[',
    '"',
    "'",
    '\\',
    '\\"',
    '`',
    '```',
    '<title',
    '<title>',
    '<think>',
    '</think>',
    '<',
  ],
  ...[
    'a',
    '7',
    '0,',
    '{"a":',
    '{"hard_query": ',
    '{"hard_query": {"question": "',
    '},\n',
    '} ',
    '",',
    '//',
    '/*',
    'max_tokens ',
    '<answer>',
    '// ',
    '<title ',
  ],
  ...['max_tokens 9 > ', 'data: ', 'ä', '漢', '\u2028', '(', '4096 in the messages ', 'true,', '-', '1h', '.'],
];

const prefixes = [
  '',
  '{"hard_query": {"question": "a", "scenario": "',
  '<think>',
  'a</think>',
  '<html>',
  '{"error": {"message": "',
];

const failure = (serverMessage: string, status: number) =>
  new AttemptError('status', { host: 'h', status, serverMessage });

const parsers: Record<string, (text: string) => unknown> = {
  parseDoc2Query,
  splitReasoning: (content) => splitReasoning({ content }),
  readErrorBody: (body) => readErrorBody(body, (text) => text),
  isHtml,
  'classify 400': (message) => classify(failure(message, 400)),
  'classify 429': (message) => classify(failure(message, 429)),
  'classify 500': (message) => classify(failure(message, 500)),
  refusesFormat: (message) => refusesFormat(failure(message, 400)),
  remainingContext,
  highestCap,
  parseDelayMs: (value) => parseDelayMs(value, 0),
  convertThinking: (reasoning) => convertThinking(reasoning, 'drop'),
  mentionsDocument,
  promptLanguage,
  withThinking: (text) => withThinking({ text, thinking: { text: 'a', source: 'think-block' } }),
};

const cpuMs = (act: () => unknown): number => {
  const { user, system } = process.cpuUsage();
  try {
    act();
  } catch {
    // A refusal is an end as good as any.
  }
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / 1000;
};

const SMALL = 10_000;

for (const [name, parse] of Object.entries(parsers)) {
  test(`${name} takes linear time, whatever the text repeats`, () => {
    for (const prefix of prefixes) {
      for (const piece of pieces) {
        const ofLength = (length: number) => `${prefix}${piece.repeat(Math.ceil(length / piece.length))}x`;
        const small = cpuMs(() => parse(ofLength(SMALL)));
        const large = cpuMs(() => parse(ofLength(10 * SMALL)));
        assert.ok(
          large <= 15 * small + 200,
          `${JSON.stringify(prefix + piece)}: ${small} ms, at ten times ${large} ms`,
        );
      }
    }
  });
}

test('answers and completions of a megabyte of blanks or braces are read in a second', () => {
  for (const piece of [' ', '{', '{}', '"', '<think>']) {
    const content = piece.repeat(2 ** 20 / piece.length);
    assert.ok(cpuMs(() => parseDoc2Query(content)) < 1000, JSON.stringify(piece));
  }
});
