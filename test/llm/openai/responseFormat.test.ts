import assert from 'node:assert/strict';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { completion, type Reply, refusal, type Sent, withScript } from '../../support/scriptedServer.js';

const schema = { name: 'colour', schema: { type: 'object', properties: { a: { type: 'string' } } } };
const ask: ChatRequest = { messages: [{ role: 'user', content: 'Which colour? Answer as JSON.' }], schema };
const fine: Reply = { body: completion('{"a": "b"}') };
const formatOf = ({ response_format: format }: Sent) => (format as { type: string } | undefined)?.type ?? 'none';

test('an answer of a given form is asked for by a strict JSON schema', () =>
  withScript(
    () => fine,
    {},
    async ({ model, sent }) => {
      await model.complete(ask);
      await model.complete({ messages: ask.messages });
      const json_schema = { name: 'colour', strict: true, schema: schema.schema };
      assert.deepEqual(sent[0]?.response_format, { type: 'json_schema', json_schema });
      assert.equal(sent[1]?.response_format, undefined);
    },
  ));

const refusals: [string, number, string, object?][] = [
  ['OpenAI', 400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."],
  ['OpenAI of a schema', 400, "Invalid schema for response_format 'colour'", { param: 'response_format' }],
  ['DeepSeek', 400, 'This response_format type is unavailable now'],
  [
    'DeepSeek, older',
    422,
    'Failed to deserialize the JSON body: response_format.type `json_schema` is unavailable now',
  ],
  ['Groq', 400, 'invalid schema for response format: response_format/json_schema/a: minItems is not supported'],
  ['Groq of a model', 400, 'This model does not support response format `json_schema`.'],
  ['LM Studio', 400, "'response_format.type' must be 'json_object' or 'text'"],
  ['vLLM', 400, 'The provided JSON schema contains features not supported by xgrammar.'],
  ['vLLM of guided decoding', 400, 'Guided decoding is not supported with this model'],
  ['a server on top of llama.cpp', 400, 'failed to parse grammar'],
  ['Ollama', 400, 'invalid response_format: json_schema'],
  ['OpenRouter', 404, 'No endpoints found that can handle the requested parameters.', { code: 404 }],
  ['xAI', 400, 'The response_format parameter is unsupported at the moment. Leave it unset.'],
  ['Volcengine', 400, 'invalid value: `json_schema`, supported values are: …', { param: 'response_format.type' }],
  ['Gemini', 400, 'Json mode is not enabled for models/gemini-pro'],
];
for (const [server, status, words, more] of refusals) {
  test(`the schema is dropped after the refusal of ${server}: once, reported once, at no attempt`, () =>
    withScript(
      (sent) => (formatOf(sent) === 'json_schema' ? refusal(status, words, more) : fine),
      { maxAttempts: 1 },
      async ({ model, sent, notices }) => {
        const both = await Promise.all([model.complete(ask), model.complete(ask)]);
        assert.deepEqual(
          both.map(({ attempts, answers }) => [attempts, answers]),
          [
            [1, 1],
            [1, 1],
          ],
        );
        await model.complete(ask);
        assert.equal(formatOf(sent.at(-1) as Sent), 'json_object');
        assert.equal(sent.filter((one) => formatOf(one) === 'json_object').length, 3);
        assert.equal(notices.length, 1);
        assert.match(
          notices[0] ?? '',
          /m does not accept the response format json_schema: json_object is sent from now on/,
        );
      },
    ));
}

test('if no response format is taken, the prompt alone asks for JSON', () =>
  withScript(
    (sent) => (formatOf(sent) === 'none' ? fine : refusal(400, 'response_format is not supported')),
    { maxAttempts: 1 },
    async ({ model, sent, notices }) => {
      await model.complete(ask);
      assert.deepEqual(sent.map(formatOf), ['json_schema', 'json_object', 'none']);
      assert.match(notices[1] ?? '', /json_object: from now on only the prompt asks for JSON/);
    },
  ));

test('a refusal that has nothing to do with the form teaches nothing', () =>
  withScript(
    () => refusal(400, "Invalid 'messages': expected another thing"),
    {},
    async ({ model, sent }) => {
      await assert.rejects(model.complete(ask), RejectError);
      assert.deepEqual(sent.map(formatOf), ['json_schema', 'none'], 'a probe finds that the format is not the reason');
      await assert.rejects(model.complete(ask), RejectError);
      assert.equal(formatOf(sent[2] as Sent), 'json_schema');
      assert.equal(sent.length, 3);
    },
  ));

for (const structuredOutput of ['json_schema', 'json_object', 'none'] as const) {
  test(`structuredOutput ${structuredOutput} is sent whatever the server says`, () =>
    withScript(
      (sent) => (formatOf(sent) === 'none' ? fine : refusal(400, 'response_format is not supported')),
      { structuredOutput },
      async ({ model, sent }) => {
        await model.complete(ask).catch((error) => assert.ok(error instanceof RejectError));
        assert.deepEqual(sent.map(formatOf), [structuredOutput]);
      },
    ));
}

const groq = refusal(
  400,
  "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
  {
    code: 'json_validate_failed',
    failed_generation: '{"a": ',
  },
);

test("JSON that the server's own check refuses is asked for again, the second time without JSON mode", () =>
  withScript(
    (sent) => (formatOf(sent) === 'none' ? fine : groq),
    {},
    async ({ model, sent }) => {
      const { attempts, answers, usage } = await model.complete(ask);
      assert.deepEqual(sent.map(formatOf), ['json_schema', 'json_schema', 'none']);
      assert.deepEqual([attempts, answers, usage.estimated], [3, 3, true]);
      await model.complete(ask);
      assert.equal(formatOf(sent[3] as Sent), 'json_schema', 'one bad answer says nothing of the others');
    },
  ));

test('the code of Groq alone identifies refused JSON', () =>
  withScript(
    (_, call) => (call === 0 ? refusal(400, 'Failed to validate JSON', { code: 'json_validate_failed' }) : fine),
    {},
    async ({ model }) => assert.equal((await model.complete(ask)).attempts, 2),
  ));

test('the text of the model is kept if its JSON was refused to the end', () =>
  withScript(
    () => groq,
    {},
    async ({ model }) => {
      await assert.rejects(model.complete({ ...ask, maxAnswers: 2 }), (error) => {
        assert.ok(error instanceof RejectError);
        assert.deepEqual([error.attempts, error.answer], [2, '{"a": ']);
        return true;
      });
    },
  ));
