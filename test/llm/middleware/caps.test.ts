import assert from 'node:assert/strict';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { highestCap } from '../../../src/llm/failures/contextLength.js';
import { completion, type Reply, refusal, type Sent, withScript } from '../../support/scriptedServer.js';

const words: [string, string, number | undefined][] = [
  [
    'OpenAI',
    'max_tokens is too large: 20480. This model supports at most 16384 completion tokens, whereas you provided 20480.',
    16384,
  ],
  ['DeepSeek', 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', 8192],
  ['Qwen', 'Range of max_tokens should be [1, 8192]', 8192],
  [
    'Groq',
    '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window`',
    8192,
  ],
  ['Volcengine', 'The parameter `max_completion_tokens` …: expected a value <= 12288, but got 32000 instead', 12288],
  ['Anthropic', 'max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens', 64000],
  [
    'vLLM of the context',
    "'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens",
    undefined,
  ],
  ['another parameter', 'temperature must be less than or equal to 2', undefined],
];
for (const [server, sentence, highest] of words) {
  test(`the highest cap is read in the words of ${server}`, () => assert.equal(highestCap(sentence), highest));
}

const ask: ChatRequest = { messages: [{ role: 'user', content: 'Why?' }] };
const tooLarge = (cap: unknown) =>
  refusal(400, `max_tokens is too large: ${cap}. This model supports at most 300 completion tokens`);
const cut: Reply = { body: completion('Beca', {}, { finish_reason: 'length' }) };
const capsOf = (sent: Sent[]) => sent.map(({ max_tokens: cap }) => cap);

test('a cap over the highest that the model takes is lowered to it, once and at no attempt', () =>
  withScript(
    ({ max_tokens: cap }) => (Number(cap) > 300 ? tooLarge(cap) : { body: completion('yes') }),
    { maxAttempts: 1 },
    async ({ model, sent, notices }) => {
      for (const maxTokens of [1000, 1000, 200])
        assert.equal((await model.complete({ ...ask, maxTokens })).attempts, 1);
      assert.deepEqual(capsOf(sent), [1000, 300, 300, 200]);
      assert.deepEqual(
        notices.map((notice) => notice.replace(/^.*?: /, '')),
        ['m writes at most 300 tokens: higher caps are lowered to that from now on'],
      );
    },
  ));

test('an answer cut at its cap gets twice the cap, or the highest that the model takes, and never the same again', () =>
  withScript(
    ({ max_tokens: cap }) => (Number(cap) > 300 ? tooLarge(cap) : cut),
    {},
    async ({ model, sent }) => {
      const rejected = (maxTokens: number, reason: RegExp) =>
        assert.rejects(model.complete({ ...ask, maxTokens }), (error) => {
          assert.ok(error instanceof RejectError && error.answer === 'Beca');
          assert.match(error.message, reason);
          return true;
        });
      await rejected(200, /was cut off at its cap of 300 tokens/);
      assert.deepEqual(capsOf(sent), [200, 400, 300]);
      await rejected(300, /was cut off at its cap of 300 tokens/);
      assert.deepEqual(capsOf(sent).slice(3), [300], 'there is no higher cap to ask for');
      await rejected(100, /was cut off at its cap of 200 tokens/);
      assert.deepEqual(capsOf(sent).slice(4), [100, 200]);
    },
  ));

test('an answer cut off without a cap has filled the context, and is not asked for again', () =>
  withScript(
    ({ max_tokens: cap }) =>
      cap === undefined
        ? { body: { ...(cut.body as object), usage: { prompt_tokens: 1, completion_tokens: 300 } } }
        : tooLarge(cap),
    {},
    async ({ model, sent }) => {
      await assert.rejects(
        model.complete(ask),
        /the context is full \(1 tokens of prompt, 300 of answer\).*no cap was set/,
      );
      assert.deepEqual(capsOf(sent), [undefined]);
    },
  ));

test('an answer that ends before its cap, at the size of a context, is not asked for again', () =>
  withScript(
    () => ({ body: { ...(cut.body as object), usage: { prompt_tokens: 3900, completion_tokens: 196 } } }),
    { maxTokens: 2000 },
    async ({ model, sent }) => {
      await assert.rejects(model.complete(ask), /the context is full \(3900 tokens of prompt, 196 of answer\)/);
      assert.equal(sent.length, 1);
    },
  ));

test('the number of paid answers stays within maxAnswers, cut and blank ones included', async () => {
  const limits: [Reply, RegExp][] = [
    [cut, /was cut off at its cap of 50 tokens; no further answer may be paid for/],
    [{ body: completion(' \n') }, /white space only; no further answer/],
  ];
  for (const [reply, reason] of limits) {
    await withScript(
      () => reply,
      {},
      async ({ model, sent }) => {
        await assert.rejects(model.complete({ ...ask, maxTokens: 50, maxAnswers: 1 }), reason);
        assert.equal(sent.length, 1);
      },
    );
  }
  await withScript(
    (_, call) => (call < 3 ? { status: 500, body: {} } : { body: completion(call === 3 ? '' : 'yes') }),
    {},
    async ({ model }) => {
      const { attempts, answers } = await model.complete({ ...ask, maxAnswers: 2 });
      assert.deepEqual([attempts, answers], [5, 2], 'a fault without an answer costs none');
    },
  );
});

test('an answer that ends in white space up to the cap is a blank one, not a long one', async () => {
  for (const text of ['\n'.repeat(50), `{"a": "b",${' '.repeat(200)}`]) {
    await withScript(
      (_, call) => ({ body: call === 0 ? completion(text, {}, { finish_reason: 'length' }) : completion('yes') }),
      {},
      async ({ model, sent }) => {
        assert.equal((await model.complete({ ...ask, maxTokens: 50 })).text, 'yes');
        assert.deepEqual(capsOf(sent), [50, 50]);
      },
    );
  }
});

test('a server that wants every cap lower is not asked for ever', () =>
  withScript(
    (_, call) => refusal(400, `max_tokens is too large: this model supports at most ${5000 - call} completion tokens`),
    {},
    async ({ model, sent }) => {
      await assert.rejects(model.complete({ ...ask, maxTokens: 6000 }), RejectError);
      assert.ok(sent.length <= 21, `${sent.length} requests`);
    },
  ));
