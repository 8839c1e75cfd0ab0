import assert from 'node:assert/strict';
import test from 'node:test';
import { usageLines } from '../../../src/cli/run/usageLines.js';
import { reportedCost } from '../../../src/llm/openai/readCompletion.js';
import { completion, type Reply, withScript } from '../../support/scriptedServer.js';

const ask = { messages: [{ role: 'user' as const, content: 'Why?' }], stage: 'doc2query' };
const counts = { prompt_tokens: 500, completion_tokens: 80 };

const costs: [string, object, number | undefined][] = [
  ['a number', { cost: 0.00123 }, 0.00123],
  ['a text', { cost: '0.5' }, 0.5],
  ['an object with its total', { cost: { input_cost: 1, total_cost: 3 } }, 3],
  ['an estimate', { estimated_cost: 0.25 }, 0.25],
  [
    'a fee beside the cost of a key of the user',
    { cost: 1, is_byok: true, cost_details: { upstream_inference_cost: 2 } },
    3,
  ],
  ['a cost that includes the provider behind it', { cost: 1, cost_details: { upstream_inference_cost: 1 } }, 1],
  ['no cost', {}, undefined],
  ['a negative number', { cost: -1 }, undefined],
  ['a word', { cost: 'unknown' }, undefined],
];
for (const [name, usage, cost] of costs) {
  test(`the cost in a usage with ${name} is ${cost}`, () => assert.equal(reportedCost({ usage }), cost));
}

const replies: [string, Reply, number][] = [
  ['usage.cost', { body: { ...completion('yes'), usage: { ...counts, cost: 0.00123 } } }, 0.00123],
  [
    'a header',
    { body: { ...completion('yes'), usage: counts }, headers: { 'x-litellm-response-cost': '1.5e-05' } },
    0.000015,
  ],
  [
    'a header without a usage',
    { body: { ...completion('yes'), usage: undefined }, headers: { 'x-total-cost': '2' } },
    2,
  ],
  [
    'a streamed answer',
    {
      headers: { 'content-type': 'text/event-stream' },
      body: `data: ${JSON.stringify({ choices: [{ delta: { content: 'yes' }, finish_reason: 'stop' }] })}\n\ndata: ${JSON.stringify({ choices: [], usage: { ...counts, cost: 0.25 } })}\n\ndata: [DONE]\n\n`,
    },
    0.25,
  ],
];
for (const [name, reply, cost] of replies) {
  test(`the cost reported by ${name} is counted beside the one by the price list`, () =>
    withScript(
      () => reply,
      { prices: { asOf: '2026-05-31', models: { m: { input: 1, output: 1 } } } },
      async ({ model }) => {
        const { usage } = await model.complete(ask);
        await model.complete(ask);
        assert.equal(usage.reportedCostUsd, cost);
        const snapshot = model.usage();
        assert.equal(snapshot.total.reportedCostUsd, 2 * cost);
        assert.ok(Number(snapshot.total.costUsd) > 0);
        assert.match(usageLines(snapshot)[0] ?? '', /, \$[\d.]+, \$[\d.]+ reported by the provider/);
      },
    ));
}

const served: [string, string | undefined][] = [
  ['/models/Qwen3-8B-Q4_K_M.gguf', '/models/Qwen3-8B-Q4_K_M.gguf'],
  ['C:\\models\\qwen.gguf', 'C:\\models\\qwen.gguf'],
  ['qwen3-8b.gguf', 'qwen3-8b.gguf'],
  ['m', undefined],
  ['m-2026-05-31', 'm-2026-05-31'],
  ['provider/m', 'provider/m'],
];
for (const [name, kept] of served) {
  test(`an answer of the model that the server names ${name} keeps the name that was asked for`, () =>
    withScript(
      () => ({ body: { ...completion('yes'), model: name } }),
      {},
      async ({ model }) => {
        const { model: asked, servedModel } = await model.complete(ask);
        assert.deepEqual([asked, servedModel], ['m', kept]);
      },
    ));
}

test('a warning names the stage if over 2 % of the answers hit their cap', () =>
  withScript(
    ({ max_tokens: cap }, call) =>
      call % 20 === 0 && Number(cap) < 100
        ? { body: completion('cut', {}, { finish_reason: 'length' }) }
        : { body: completion('yes') },
    { maxTokens: 64, concurrency: 1 },
    async ({ model }) => {
      for (let n = 0; n < 38; n++) await model.complete(ask);
      const warning = usageLines(model.usage()).find((line) => line.includes('warning'));
      assert.match(
        warning ?? '',
        /doc2query: warning: 2 answers for 38 records were cut off at their cap: raise --max-tokens/,
      );
    },
  ));
