import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError } from '../../../src/errors.js';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { readEventStream } from '../../../src/llm/openai/eventStream.js';
import { completion, type Reply, refusal, withScript } from '../../support/scriptedServer.js';
import { withStandIn } from '../../support/standInModel.js';

const ask: ChatRequest = { messages: [{ role: 'user', content: 'Why?' }] };
const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (part: object, finish_reason: string | null = null) =>
  event({ model: 'served-1', choices: [{ index: 0, delta: part, finish_reason }], usage: null });
const done = 'data: [DONE]\n\n';
const usage = { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 3 } };
const whole: Reply = {
  headers,
  body: [
    ': keep-alive\n\n',
    delta({ role: 'assistant', content: '', reasoning_content: 'Let ' }),
    delta({ reasoning_content: 'me see.' }),
    delta({ content: 'Because ' }) + delta({ content: 'ü' }),
    delta({}, 'stop'),
    event({ choices: [], usage }),
    done,
  ],
};

test('a streamed answer reads like an unstreamed one: text, thinking, tokens and finish', () =>
  withScript(
    () => whole,
    { stream: true },
    async ({ model, sent }) => {
      assert.deepEqual(await model.complete(ask), {
        text: 'Because ü',
        thinking: { text: 'Let me see.', source: 'reasoning_content' },
        model: 'm',
        servedModel: 'served-1',
        finishReason: 'stop',
        usage: { promptTokens: 10, completionTokens: 5, reasoningTokens: 3 },
        attempts: 1,
        answers: 1,
      });
      assert.deepEqual([sent[0]?.stream, sent[0]?.stream_options], [true, { include_usage: true }]);
    },
  ));

test('answers are not streamed by default', () =>
  withScript(
    () => ({ body: completion('yes') }),
    {},
    async ({ model, sent }) => {
      await model.complete(ask);
      assert.deepEqual([sent[0]?.stream, sent[0]?.stream_options], [undefined, undefined]);
    },
  ));

test('a server that does not stream after all is understood', () =>
  withScript(
    () => ({ body: completion('yes') }),
    { stream: true },
    async ({ model }) => assert.equal((await model.complete(ask)).text, 'yes'),
  ));

test('the stand-in gives the same answer streamed and unstreamed', async () => {
  const texts: string[] = [];
  for (const stream of [true, false]) {
    await withStandIn({}, { stream }, async ({ model, ledger }) => {
      texts.push((await model.complete(ask)).text);
      assert.equal(ledger.calls[0]?.parameters.stream ?? false, stream);
    });
  }
  assert.equal(texts[0], texts[1]);
});

const broken: [string, Reply][] = [
  ['breaks off', { headers, body: [delta({ content: 'Beca' })] }],
  ['is empty', { headers, body: '' }],
  [
    'ends in an error',
    { headers, body: [delta({ content: 'Beca' }), event({ error: { code: 502, message: 'upstream' } }), done] },
  ],
  ['falls silent', { headers, body: [delta({ content: 'Beca' }), delta({ content: 'use' }, 'stop')], pauseMs: 1800 }],
];
for (const [name, reply] of broken) {
  test(`a streamed answer that ${name} is asked for again`, () =>
    withScript(
      (_, call) => (call === 0 ? reply : whole),
      { stream: true, idleTimeoutMs: 600 },
      async ({ model }) => {
        const { text, attempts } = await model.complete(ask);
        assert.deepEqual([text, attempts], ['Because ü', 2]);
      },
    ));
}

test('an answer that arrives slowly does not count as silent', () =>
  withScript(
    () => ({ ...whole, pauseMs: 200 }),
    { stream: true, idleTimeoutMs: 1000, maxAttempts: 1 },
    async ({ model }) => assert.equal((await model.complete(ask)).text, 'Because ü'),
  ));

test('a fatal error inside a stream stops the run', () =>
  withScript(
    () => ({ headers, body: [event({ error: { code: 402, message: 'Insufficient credits' } })] }),
    { stream: true },
    async ({ model }) => {
      await assert.rejects(model.complete(ask), (error) => error instanceof ModelError && /^402 /.test(error.message));
    },
  ));

test('streaming, and reporting tokens while streaming, are dropped if they are refused', () =>
  withScript(
    (sent) => {
      if (sent.stream_options !== undefined) return refusal(400, "Unknown parameter: 'stream_options'");
      const words = 'Your organization must be verified to stream this model.';
      if (sent.stream) return refusal(400, words, { param: 'stream', code: 'unsupported_value' });
      return { body: completion('yes') };
    },
    { stream: true, maxAttempts: 1 },
    async ({ model, notices }) => {
      assert.equal((await model.complete(ask)).text, 'yes');
      assert.equal(notices.length, 2);
    },
  ));

test('events are read wherever the bytes are cut', async () => {
  const bytes = Buffer.from((whole.body as string[]).join('').replaceAll('\n', '\r\n'));
  const expected = await readEventStream(pieces(bytes, bytes.length));
  for (const size of [1, 2, 3, 7, 64]) assert.deepEqual(await readEventStream(pieces(bytes, size)), expected);
  assert.ok(expected !== undefined);
});

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a stream that says [DONE] is whole, whoever keeps the connection open behind it', () =>
  withScript(
    () => ({ headers, body: [(whole.body as string[]).join(''), ': still here\n\n'], pauseMs: 1500 }),
    { stream: true },
    async ({ model, sent }) => {
      const startedMs = performance.now();
      assert.equal((await model.complete(ask)).text, 'Because ü');
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < 1000, `${tookMs} ms`);
      assert.equal(sent.length, 1);
    },
  ));

test('a stream without a finish reason broke off, with [DONE] too', () =>
  withScript(
    (_, call) => (call > 0 ? whole : { headers, body: [delta({ content: 'half an ans' }), done] }),
    { stream: true },
    async ({ model, sent }) => {
      assert.equal((await model.complete(ask)).text, 'Because ü');
      assert.equal(sent.length, 2);
    },
  ));

test('text before an error in the middle counts as billed, by an unknown amount', () =>
  withScript(
    () => ({ headers, body: [delta({ content: 'half an ans' }), event({ error: { code: 502, message: 'gone' } })] }),
    { stream: true, maxAttempts: 1 },
    async ({ model }) => {
      await assert.rejects(model.complete(ask), /gone/);
      assert.equal(model.usage().total.unknownAttempts, 1);
    },
  ));

test('a usage without a prompt token does not count', () =>
  withScript(
    () => ({ body: { ...completion('yes'), usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } } }),
    {},
    async ({ model }) => {
      const { usage } = await model.complete(ask);
      assert.ok(usage.estimated && usage.promptTokens > 0, JSON.stringify(usage));
    },
  ));
