import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { ModelError, RejectError } from '../../../src/errors.js';
import { doc2Query } from '../../../src/operators/doc2Query/doc2Query.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import { operatorContract } from '../../../src/testing/operatorContract.js';
import { hardQuery, scriptedModel } from '../../support/models.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';
import { withStandIn } from '../../support/standInModel.js';

const document = (n: number): DataRecord => ({ id: `d${n}`, n, text: `Text number ${n} about tides.` });

operatorContract({
  stage: 'doc2query',
  make: (options) => doc2Query({ model: scriptedModel(() => hardQuery('Why?')), ...options }),
  record: document,
  reads: ['text'],
  adds: ['question', 'scenario'],
});

async function run(answers: string[], options: Partial<Parameters<typeof doc2Query>[0]> = {}) {
  const rejects: Reject[] = [];
  const model = scriptedModel((_, call) => answers[call] ?? 'too many calls');
  const out = await collect(
    doc2Query({ model, rejects: (one) => void rejects.push(one), ...options })(watched([document(0)])),
  );
  return { out, rejects, requests: model.requests };
}

test('doc2query asks again after an answer it cannot read, quoting it and the reason', async () => {
  const { out, requests } = await run(['no JSON here', hardQuery('Why does it ebb?')]);
  assert.equal(out[0]?.question, 'Why does it ebb?');
  assert.equal(requests.length, 2);
  const [first, again] = requests.map(({ messages }) => messages);
  assert.deepEqual(again?.slice(0, first?.length), first, 'the prefix is the same');
  assert.equal(again?.at(-2)?.content, 'no JSON here');
  assert.match(again?.at(-1)?.content ?? '', /holds no complete JSON object/);
  assert.deepEqual(provenanceOf(out[0], 'doc2query'), {
    model: 'scripted-1',
    servedModel: null,
    prompt: 'doc2query-2',
    attempts: 2,
    finishReason: 'stop',
    thinking: null,
    answerFrom: null,
    cut: null,
    parsed: 'fence',
    repairs: [],
    promptTokens: 20,
    completionTokens: 10,
    cachedTokens: null,
    reasoningTokens: null,
    estimated: false,
    cached: false,
    sharesAnswer: false,
  });
});

test('doc2query pays for exactly maxAttempts answers, reads every one, then rejects', async () => {
  const last = await run(['bad', 'bad', hardQuery('The third one')]);
  assert.equal(last.out[0]?.question, 'The third one');
  const none = await run(['bad 1', 'bad 2', 'bad 3', hardQuery('never asked for')]);
  assert.equal(none.requests.length, 3);
  assert.deepEqual(none.out, []);
  assert.deepEqual(none.rejects, [
    {
      stage: 'doc2query',
      reason: 'none of 3 answers could be read: it holds no complete JSON object',
      attempts: 3,
      answer: 'bad 3',
      record: document(0),
    },
  ]);
});

test('doc2query asks for no more answers than it may pay for, including those that the model repeats itself', async () => {
  const rejects: Reject[] = [];
  const model = scriptedModel(() => ({ text: 'bad', attempts: 2, answers: 2 }));
  await collect(doc2Query({ model, rejects: (one) => void rejects.push(one) })(watched([document(0)])));
  assert.deepEqual(
    model.requests.map(({ maxAnswers }) => maxAnswers),
    [3, 1],
  );
  assert.match(rejects[0]?.reason ?? '', /none of 4 answers could be read/);
});

test('over HTTP, blank and cut answers count among those that doc2query pays for', async () => {
  const faults: FaultName[] = ['blank', 'finishLength', 'unparsable', 'bareJson'];
  const script = ({ index }: { index: number }) => faults[index];
  for (const [maxAttempts, calls, made] of [
    [3, 3, 0],
    [4, 4, 1],
  ] as const) {
    await withStandIn({ script }, { maxTokens: 100, structuredOutput: 'none' }, async ({ model, ledger }) => {
      const rejects: Reject[] = [];
      const op = doc2Query({ model, maxAttempts, rejects: (one) => void rejects.push(one) });
      const out = await collect(op(watched([document(0)])));
      assert.deepEqual([ledger.calls.length, out.length, rejects.length], [calls, made, 1 - made]);
      if (made === 0) assert.equal(rejects[0]?.attempts, 3);
    });
  }
});

test('doc2query asks for its form by a strict schema that begins with room to think, unless the prompt is custom', async () => {
  const schemaOf = async (options: Partial<Parameters<typeof doc2Query>[0]>) =>
    (await run([hardQuery('Why?')], options)).requests[0]?.schema;
  const query = {
    type: 'object',
    properties: { question: { type: 'string' }, scenario: { type: 'string' } },
    required: ['question', 'scenario'],
    additionalProperties: false,
  };
  const one = await schemaOf({});
  assert.deepEqual(one?.schema.properties, { analysis: { type: 'string' }, hard_query: query });
  assert.deepEqual([one?.schema.required, one?.schema.additionalProperties], [['analysis', 'hard_query'], false]);
  const many = await schemaOf({ queriesPerDoc: 2 });
  assert.deepEqual(many?.schema.properties, {
    analysis: { type: 'string' },
    hard_query: { type: 'array', items: query },
  });
  assert.equal(await schemaOf({ promptTemplate: '{{text}}' }), undefined);
});

test('the prompt says JSON in both languages, as JSON modes want it', async () => {
  for (const language of ['en', 'zh'] as const) {
    const { requests } = await run([hardQuery('Why?')], { language });
    assert.match(requests[0]?.messages[0]?.content ?? '', /JSON/);
  }
});

test('records of a type without an index signature can be passed to an operator', async () => {
  interface Article {
    text: string;
  }
  async function* articles(): AsyncGenerator<Article> {
    yield { text: 'Tides follow the moon.' };
  }
  const model = scriptedModel(() => hardQuery('Why?'));
  const [called] = await collect(doc2Query({ model })(articles()));
  const [piped] = await collect(from(articles()).pipe(doc2Query({ model })));
  assert.deepEqual([called?.question, piped?.question], ['Why?', 'Why?']);
});

test('doc2query never writes an empty question or scenario', async () => {
  const empty = JSON.stringify({ hard_query: { question: ' ', scenario: '' } });
  const { out, rejects } = await run([empty, empty, empty]);
  assert.deepEqual(out, []);
  assert.match(rejects[0]?.reason ?? '', /does not fit/);
});

test('doc2query quotes at most 2 KB of a bad answer', async () => {
  const { requests } = await run(['x'.repeat(50_000), hardQuery('Why?')]);
  assert.ok((requests[1]?.messages.at(-2)?.content.length ?? 0) < 2048);
  const { requests: chinese } = await run([`${'潮汐'.repeat(5000)}。`, hardQuery('Why?')]);
  const quoted = chinese[1]?.messages.at(-2)?.content ?? '';
  assert.ok(Buffer.byteLength(quoted) < 2048 && /^… 汐?(潮汐)+。$/.test(quoted), quoted);
});

test('doc2query makes queriesPerDoc records of a list, and counts the extra ones', async () => {
  const query = (n: number) => ({ question: `q${n}`, scenario: `s${n}` });
  const answer = JSON.stringify({ hard_query: [query(0), query(1), query(2)] });
  let extra = 0;
  const model = scriptedModel(() => answer);
  const op = doc2Query({ model, queriesPerDoc: 2 });
  const onExtra = (count: number) => {
    extra += count;
  };
  const out = await collect(op(watched([document(0)]), { onExtra }));
  assert.deepEqual(
    out.map(({ id, question, scenario }) => [id, question, scenario]),
    [
      ['d0', 'q0', 's0'],
      ['d0', 'q1', 's1'],
    ],
  );
  assert.equal(extra, 1);
});

test('doc2query reads a plain list of questions, which has no scenarios', async () => {
  const { out } = await run([JSON.stringify({ questions: ['Why the moon?'] })]);
  assert.equal(out[0]?.question, 'Why the moon?');
  assert.equal(out[0]?.scenario, null);
});

test('doc2query prompts in Chinese for Chinese text, in English otherwise, or in the language set', async () => {
  const asked = async (text: string, language?: 'en' | 'zh') => {
    const model = scriptedModel(() => hardQuery('Why?'));
    await collect(doc2Query({ model, language })(watched([{ text }])));
    return /[\p{Script=Han}]/u.test(model.requests[0]?.messages[0]?.content ?? '') ? 'zh' : 'en';
  };
  assert.equal(await asked('深度学习是机器学习的一个分支，使用 GPU。'), 'zh');
  assert.equal(await asked('Tides follow the moon.'), 'en');
  assert.equal(await asked('日本語のテキストです'), 'en');
  assert.equal(await asked('Tides follow the moon.', 'zh'), 'zh');
});

test('doc2query fills a custom template without touching its braces or those of the text', async () => {
  const file = path.resolve(import.meta.dirname, '../../fixtures/nasty/prompt_injection.jsonl');
  const texts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text as string);
  const model = scriptedModel(() => hardQuery('Why?'));
  const promptTemplate = 'Give {"hard_query": {"question": …}} for: {{ text }} {{unknown}} {text} $& $1';
  await collect(doc2Query({ model, promptTemplate })(watched(texts.map((text) => ({ text })))));
  assert.deepEqual(
    model.requests.map(({ messages }) => messages[0]?.content),
    texts.map((text) => `Give {"hard_query": {"question": …}} for: ${text} {{unknown}} {text} $& $1`),
  );
});

test('doc2query refuses a template without {{text}}', () => {
  const model = scriptedModel(() => '');
  assert.throws(() => doc2Query({ model, promptTemplate: 'no placeholder' }), /must be a text that holds \{\{text\}\}/);
});

test('a record that the model refuses is rejected; a model that cannot be used stops the stream after the calls in flight', async () => {
  const rejects: Reject[] = [];
  const model = scriptedModel(async (_, call) => {
    if (call === 1) throw new RejectError('the provider refused it', { attempts: 1 });
    if (call === 4) throw new ModelError('401 from test');
    return hardQuery(`q${call}`);
  });
  const out: DataRecord[] = [];
  const stream = doc2Query({ model, concurrency: 2, rejects: (one) => void rejects.push(one) })(
    watched(Array.from(range(50), document)),
  );
  await assert.rejects(async () => {
    for await (const record of stream) out.push(record);
  }, /401 from test/);
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    ['the provider refused it'],
  );
  assert.ok(out.length >= 3 && model.requests.length <= 6);
});

test('doc2query keeps the good items of a list, each question once, and reports tokens once', async () => {
  const item = (question: string) => ({ question, scenario: 's' });
  const answer = JSON.stringify({ hard_query: [item('q1'), { question: 'no scenario' }, item('q1'), item('q2')] });
  const { out } = await run([answer], { queriesPerDoc: 3 });
  assert.deepEqual(
    out.map(({ question }) => question),
    ['q1', 'q2'],
  );
  assert.deepEqual(
    out.map((record) => provenanceOf(record, 'doc2query').promptTokens),
    [10, null],
  );
});

test('doc2query quotes the bad answer to the model, and does not accept an echoed template as an answer', async () => {
  const { requests, out } = await run([
    JSON.stringify({ hard_query: { question: 'Why?' } }),
    '{"hard_query": {"question": "…", "scenario": "…"}}',
    hardQuery('Why does it ebb?'),
  ]);
  assert.match(requests[1]?.messages.at(-1)?.content ?? '', /does not fit: scenario: /);
  assert.match(requests[2]?.messages.at(-1)?.content ?? '', /it holds no words/);
  assert.equal(out.length, 1);
});

test('a re-ask that the model refuses counts the earlier requests, and keeps the last answer', async () => {
  const rejects: Reject[] = [];
  const model = scriptedModel((_, call) => {
    if (call === 2) throw new RejectError('refused', { attempts: 1 });
    return `unreadable ${call}`;
  });
  await collect(doc2Query({ model, rejects: (one) => void rejects.push(one) })(watched([document(0)])));
  assert.deepEqual([rejects[0]?.attempts, rejects[0]?.answer], [3, 'unreadable 1']);
});

test('a question without a scenario does not keep the scenario of an earlier one', async () => {
  const model = scriptedModel(() => JSON.stringify({ questions: ['Why the moon?'] }));
  const record = { ...document(0), question: 'old', scenario: 'old' };
  const [out] = await collect(doc2Query({ model, overwrite: true })(watched([record])));
  assert.deepEqual([out?.question, out?.scenario], ['Why the moon?', null]);
});
