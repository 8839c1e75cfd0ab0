import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../../src/llm/createModel.js';
import { completion, type Reply, refusal, type Sent, withScript } from '../../support/scriptedServer.js';
import { workFolder } from '../../support/workFolder.js';

const schema = { name: 'colour', schema: { type: 'object', properties: { a: { type: 'string' } } } };
/** A request with the parts of a run's: instructions, a schema. */
const ask = (n = 0): ChatRequest => ({
  messages: [
    { role: 'system', content: 'Answer as JSON.' },
    { role: 'user', content: `Which colour is number ${n}?` },
  ],
  schema,
  stage: 'doc2query',
});
const fine: Reply = { body: completion('{"a": "b"}') };
const formatOf = ({ response_format: format }: Sent) => (format as { type: string } | undefined)?.type ?? 'none';
const hasSystem = ({ messages }: Sent) => messages.some(({ role }) => role === 'system');
const streamed: Reply = {
  headers: { 'content-type': 'text/event-stream' },
  body: `data: ${JSON.stringify({ model: 'm', choices: [{ delta: { content: '{"a": "b"}' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
};

interface Case {
  name: string;
  /** Returns true for a request that the server refuses. */
  refuses: (sent: Sent) => boolean;
  answer: Reply;
  options?: Partial<ModelOptions>;
  notice: RegExp;
  /** The answer to a request that is accepted. */
  good?: Reply;
}

const temperature = { temperature: 0.2 };
const cases: Case[] = [
  ...[
    'deepseek-reasoner does not support Json Output.',
    'provider has no structured-outputs',
    'Json mode response is not supported when enable_thinking is true',
    'This endpoint can only return text, JSON is not available',
    '该模型不支持 json',
  ].map((words) => ({
    name: `the response format in the words "${words}"`,
    refuses: (sent: Sent) => formatOf(sent) === 'json_schema',
    answer: refusal(400, words),
    notice: /response format json_schema: json_object is sent from now on$/,
  })),
  {
    name: 'the response format by a 500 that names the grammar',
    refuses: (sent) => formatOf(sent) === 'json_schema',
    answer: refusal(500, 'xgrammar could not compile the grammar'),
    notice: /response format json_schema: json_object/,
  },
  {
    name: 'the response format by an error in a 200',
    refuses: (sent) => formatOf(sent) === 'json_schema',
    answer: { body: { error: { message: 'response_format is not supported' } } },
    notice: /response format json_schema: json_object/,
  },
  ...[
    'System role not supported',
    'Conversation roles must alternate user/assistant/user/assistant/...',
    'Developer instruction is not enabled for models/gemma-3-27b-it',
    "Unexpected role 'system' after role 'user'",
    'Only user and assistant roles are supported!',
    "body.messages.0.role: Input should be 'user' or 'assistant'",
  ].map((words) => ({
    name: `the system role in the words "${words}"`,
    refuses: hasSystem,
    answer: refusal(400, words),
    notice: /m does not accept the system role: instructions are sent in the user's message from now on$/,
  })),
  {
    name: 'the system role by a 500 of the chat template',
    refuses: hasSystem,
    answer: refusal(500, 'Jinja Exception: System role not supported'),
    notice: /system role/,
  },
  {
    name: 'an answer that is not streamed',
    refuses: (sent) => sent.stream !== true,
    answer: refusal(400, 'This model only supports stream mode, please enable the stream parameter'),
    good: streamed,
    notice: /answers only as a stream/,
  },
  {
    name: 'thinking that is not streamed',
    refuses: (sent) => sent.stream !== true,
    answer: refusal(400, 'parameter.enable_thinking must be set to false for non-streaming calls'),
    good: streamed,
    notice: /answers only as a stream/,
  },
  {
    name: 'thinking',
    refuses: (sent) => sent.enable_thinking !== false,
    answer: refusal(400, 'enable_thinking must be false for this model'),
    notice: /demands enable_thinking false/,
  },
  {
    name: 'thinking that the extra body turns on',
    refuses: (sent) => sent.enable_thinking !== false,
    answer: refusal(400, 'enable_thinking must be disabled'),
    options: { extraBody: { enable_thinking: true } },
    notice: /demands enable_thinking false/,
  },
  {
    name: 'a temperature in words of its own',
    refuses: (sent) => sent.temperature !== undefined,
    answer: refusal(422, 'Sampling is fixed here: leave out the temperature'),
    options: temperature,
    notice: /does not accept temperature: it is left out/,
  },
  {
    name: 'a field of the extra body',
    refuses: (sent) => sent.top_k !== undefined,
    answer: refusal(400, 'Unrecognized request argument supplied: top_k'),
    options: { extraBody: { top_k: 20 } },
    notice: /does not accept top_k: it is left out/,
  },
];

for (const [index, { name, refuses, answer, good = fine, options = {}, notice }] of cases.entries()) {
  // All that are in flight at once are refused at once.
  const inFlight = index % 6 === 0 ? 64 : 4;
  test(`a refusal of ${name} is learned once, at no attempt, with ${inFlight} requests in flight`, () =>
    withScript(
      (sent) => (refuses(sent) ? answer : good),
      { maxAttempts: 1, concurrency: inFlight, ...options },
      async ({ model, sent, notices }) => {
        const all = await Promise.all(Array.from({ length: inFlight + 4 }, (_, n) => model.complete(ask(n))));
        assert.ok(all.every(({ text, attempts }) => text === '{"a": "b"}' && attempts === 1));
        assert.equal(notices.length, 1, notices.join('\n'));
        assert.match(notices[0] ?? '', notice);
        assert.ok(sent.filter(refuses).length <= inFlight, 'later requests are sent right');
      },
    ));
}

test('the text of system messages is kept if the role is refused', () =>
  withScript(
    (sent) => (hasSystem(sent) ? refusal(400, 'System role not supported') : fine),
    {},
    async ({ model, sent }) => {
      await model.complete(ask(3));
      assert.deepEqual(sent[1]?.messages, [{ role: 'user', content: 'Answer as JSON.\n\nWhich colour is number 3?' }]);
    },
  ));

const sampling = { temperature: 0.2, topP: 0.9 };
const vague = refusal(400, 'API 调用参数有误，请检查文档。', { code: '1210' });
const parts: [string, (sent: Sent) => boolean, RegExp[]][] = [
  ['the system role', hasSystem, [/system role/]],
  ['a schema', (sent) => formatOf(sent) === 'json_schema', [/json_schema: json_object/]],
  ['sampling', (sent) => sent.temperature !== undefined, [/temperature.*top_p/]],
  ['both response formats', (sent) => formatOf(sent) !== 'none', [/json_schema/, /json_object/]],
  ['the system role and a schema', (sent) => hasSystem(sent) || formatOf(sent) === 'json_schema', [/./, /./]],
];
for (const concurrency of [1, 64]) {
  for (const [name, refuses, said] of parts) {
    test(`${name}, refused in words that name nothing, is found with at most three probes and ${concurrency} in flight`, () =>
      withScript(
        (sent) => (refuses(sent) ? vague : fine),
        { maxAttempts: 1, concurrency, ...sampling },
        async ({ model, notices, sent }) => {
          const all = await Promise.all(Array.from({ length: concurrency + 8 }, (_, n) => model.complete(ask(n))));
          assert.ok(all.every(({ attempts }) => attempts === 1));
          const [accepts] = model.capabilities();
          assert.ok((accepts?.probes ?? 9) <= 3, `${accepts?.probes} probes`);
          assert.equal(notices.length, said.length, notices.join('\n'));
          for (const [index, words] of said.entries()) assert.match(notices[index] ?? '', words);
          assert.equal(model.usage().total.attempts, sent.length, 'each request is counted');
          const before = sent.length;
          await model.complete(ask(1000));
          assert.equal(sent.length, before + 1, 'nothing is refused any more');
        },
      ));
  }
}

test('a record that is refused for itself costs one probe, and the same words none', () =>
  withScript(
    (sent) => (/number [12]\?/.test(sent.messages.at(-1)?.content ?? '') ? refusal(400, 'Bad input.') : fine),
    { concurrency: 1 },
    async ({ model, sent, notices }) => {
      await assert.rejects(model.complete(ask(1)), RejectError);
      await assert.rejects(model.complete(ask(2)), RejectError);
      assert.equal(sent.length, 3);
      assert.deepEqual(notices, []);
      await model.complete(ask(3));
      await assert.rejects(model.complete(ask(1)), RejectError);
      assert.deepEqual([sent.length, formatOf(sent.at(-1) as Sent)], [5, 'json_schema'], 'what was accepted is kept');
    },
  ));

test('a value out of range is an error of the user: nothing is left out', () =>
  withScript(
    (sent) => (sent.temperature === undefined ? fine : refusal(400, 'temperature must be between 0 and 2')),
    { temperature: 3 },
    async ({ model, sent }) => {
      await assert.rejects(model.complete(ask()), RejectError);
      assert.equal(sent.length, 1);
    },
  ));

test('a 500 that names the grammar teaches nothing once the format was accepted', () =>
  withScript(
    (_, call) => (call === 1 ? refusal(500, 'the grammar worker crashed') : fine),
    {},
    async ({ model, notices }) => {
      await model.complete(ask(0));
      assert.equal((await model.complete(ask(1))).attempts, 2);
      assert.deepEqual(notices, []);
    },
  ));

test('json_object is skipped for llama.cpp, which constrains nothing with it', async () => {
  for (const [words, headers] of [
    ['Unable to generate parser for this template', {}],
    ['this schema cannot be used', { server: 'llama.cpp' }],
  ] as const) {
    await withScript(
      (sent) => (formatOf(sent) === 'none' ? fine : { ...refusal(400, words), headers }),
      { maxAttempts: 1 },
      async ({ model, sent }) => {
        await model.complete(ask());
        assert.deepEqual(sent.map(formatOf), ['json_schema', 'none']);
      },
    );
  }
});

test('an answer that a 400 reports as cut off is asked for again with a higher cap', () =>
  withScript(
    (sent) =>
      Number(sent.max_tokens) < 100
        ? refusal(400, 'Could not finish the message because max_tokens or model output limit was reached.')
        : fine,
    { maxTokens: 64 },
    async ({ model, sent }) => {
      await model.complete(ask());
      assert.deepEqual(
        sent.map(({ max_tokens: cap }) => cap),
        [64, 128],
      );
    },
  ));

test('capabilities that were learned are kept beside the cache, used and reported by the next run, and forgotten on demand', async (t) => {
  const cache = path.join(workFolder(t), 'cache');
  await withScript(
    (sent) => (hasSystem(sent) ? refusal(400, 'System role not supported') : fine),
    { cache },
    async ({ model, sent, notices, host }) => {
      const next = async (n: number, options: Partial<ModelOptions>) => {
        const onNotice = (notice: string) => void notices.push(notice);
        const another = createModel({ model: 'm', baseUrl: `http://${host}/v1`, cache, onNotice, ...options });
        const before = sent.length;
        await another.complete(ask(n));
        const [known] = another.capabilities();
        assert.equal(known?.systemRole, false);
        await another.close();
        return sent.length - before;
      };
      await model.complete(ask(1));
      assert.equal(sent.length, 2);
      const kept = JSON.parse(readFileSync(`${cache}.servers.json`, 'utf8'));
      assert.deepEqual(Object.keys(kept.servers), [`m at http://${host}/v1`]);
      assert.equal(await next(2, {}), 1);
      assert.match(notices.at(-1) ?? '', /as learned on \d{4}-\d\d-\d\d: .*system-role=no/);
      assert.equal(await next(3, { capabilities: false }), 2);
      writeFileSync(`${cache}.servers.json`, '{"version": 1, "servers": {');
      assert.equal(await next(4, {}), 2, 'a damaged file counts as missing');
    },
  );
});

test('capabilities that are set are not asked for', () =>
  withScript(
    () => fine,
    { capabilities: { systemRole: false, format: 'none', refused: ['temperature'] }, temperature: 1 },
    async ({ model, sent }) => {
      await model.complete(ask());
      assert.deepEqual(
        [hasSystem(sent[0] as Sent), formatOf(sent[0] as Sent), sent[0]?.temperature],
        [false, 'none', undefined],
      );
    },
  ));
