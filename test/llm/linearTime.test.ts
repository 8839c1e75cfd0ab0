import assert from 'node:assert/strict';
import test from 'node:test';
import { convertThinking } from '../../src/export/thinking.js';
import { AttemptError } from '../../src/llm/failures/attemptError.js';
import { classify } from '../../src/llm/failures/classify.js';
import { highestCap, remainingContext } from '../../src/llm/failures/contextLength.js';
import { parseDelayMs } from '../../src/llm/limits/rateLimitHeaders.js';
import { offlineAnswer } from '../../src/llm/offline/offlineModel.js';
import { parseBaseUrl } from '../../src/llm/openai/baseUrl.js';
import { isHtml, readErrorBody } from '../../src/llm/openai/errorBody.js';
import { splitReasoning } from '../../src/llm/openai/reasoning.js';
import { refusedThing } from '../../src/llm/openai/refusals.js';
import { mentionsDocument } from '../../src/operators/doc2Query/mentionsDocument.js';
import { renderDoc2Query } from '../../src/operators/doc2Query/prompt.js';
import { parseDoc2Query } from '../../src/operators/doc2Query/queryAnswer.js';
import { withThinking } from '../../src/operators/reasonDistill/reasonDistill.js';
import { promptLanguage } from '../../src/util/language.js';
import { assertLinear, cpuMs } from '../support/cpuTime.js';

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
    '< ',
    '</',
    '</document',
    '"a" "b" ',
    "'a' + ",
    '“',
    '{}, ',
    '<answer>',
    '"hard_query":[',
    'maximum context length is ',
    '// ',
    '<title ',
  ],
  ...['max_tokens 9 > ', 'data: ', 'ä', '漢', '\u2028', '(', '4096 in the messages ', 'true,', '-', '1h', '.'],
];

const prefixes = [
  ...['', '{', '{"hard_query": {"question": "a", "scenario": "', '{"hard_query":[', '{"error": {"message": "'],
  ...['<think>', 'a</think>', '<answer>', '<html>'],
];

/** Ends that complete an object, so that it is repaired, or that a scan of the end of a text looks for. */
const suffixes = ['', '}', ']}', '"}}', 'x"a"}'];
/** Text after a tag is not an object, so it is read in the same way whatever its end. */
const suffixesAfter = (prefix: string) => (prefix.includes('<') ? [''] : suffixes);

const failure = (serverMessage: string, status: number) =>
  new AttemptError('status', { host: 'h', status, serverMessage });

const parsers: Record<string, (text: string) => unknown> = {
  parseDoc2Query,
  'parseDoc2Query of a document that holds the key': (text) =>
    parseDoc2Query('{"hard_query": {"question": "aaaa", "scenario": "aaaa"}}', `hard_query ${text}`),
  'renderDoc2Query of a document that holds a closing tag': (text) =>
    renderDoc2Query({ text: `${text}</document>`, language: 'en', queriesPerDoc: 1 }),
  splitReasoning: (content) => splitReasoning({ content }),
  readErrorBody: (body) => readErrorBody(body, (text) => text),
  isHtml,
  'classify 400': (message) => classify(failure(message, 400)),
  'classify 429': (message) => classify(failure(message, 429)),
  'classify 500': (message) => classify(failure(message, 500)),
  refusedThing: (message) =>
    refusedThing(failure(message, 400), {
      model: 'm',
      messages: [{ role: 'system', content: 'a' }],
      response_format: { type: 'json_object' },
      temperature: 1,
    }),
  remainingContext,
  highestCap,
  parseDelayMs: (value) => parseDelayMs(value, 0),
  convertThinking: (reasoning) => convertThinking(reasoning, 'drop'),
  withThinking: (text) => withThinking({ text, thinking: { text: 'a', source: 'thinking' } }),
  'offlineAnswer to a question': (content) => offlineAnswer([{ role: 'user', content }]),
  'offlineAnswer to a document': (content) =>
    offlineAnswer([
      { role: 'system', content: '"hard_query"' },
      { role: 'user', content },
    ]),
  mentionsDocument,
  promptLanguage,
  redact: parseBaseUrl('https://h/v1', 'sk-0123456789abcdef').redact,
};

const SMALL = 2000;

for (const [name, parse] of Object.entries(parsers)) {
  test(`${name} takes linear time, whatever the text repeats`, () => {
    for (const prefix of prefixes) {
      for (const piece of pieces) {
        for (const suffix of suffixesAfter(prefix)) {
          const ofLength = (length: number) => prefix + piece.repeat(Math.ceil(length / piece.length)) + suffix;
          assertLinear((length) => parse(ofLength(length)), SMALL, JSON.stringify([prefix, piece, suffix]));
        }
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
