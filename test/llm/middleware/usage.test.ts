import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { estimatePromptTokens, estimateTokens } from '../../../src/llm/cost/estimateTokens.js';
import { createModel, type ModelOptions } from '../../../src/llm/createModel.js';
import type { UsageTotals } from '../../../src/llm/middleware/usage.js';
import { prices } from '../../support/budgetRun.js';
import { ask, quick, withStandIn } from '../../support/standInModel.js';

const content = 'An answer of some length.';
const message = { content };
const answer = (usage?: object, more: object = {}) => ({
  usage,
  choices: [{ message, finish_reason: 'stop', ...more }],
});

/** Returns the counts of one call, answered over HTTP with these bodies, one an attempt. */
async function countedOf(bodies: object[], options: Partial<ModelOptions> = {}): Promise<UsageTotals> {
  const left = bodies.map((body) => JSON.stringify(body));
  const server = createServer((_, response) => void response.end(left.shift()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel({ ...quick, baseUrl, ...options });
  await model.complete(ask()).catch(() => {});
  const { total } = model.usage();
  await model.close();
  server.close();
  return total;
}

const told = { prompt_tokens: 100, completion_tokens: 30 };
const rows: [string, object[], Partial<UsageTotals>][] = [
  ['a plain answer', [answer(told)], { attempts: 1, promptTokens: 100, completionTokens: 30, estimatedTokens: 0 }],
  [
    'cached tokens: part of the prompt',
    [answer({ ...told, prompt_tokens_details: { cached_tokens: 64 } })],
    { promptTokens: 100, cachedTokens: 64 },
  ],
  [
    'more cached tokens than the prompt has: all of it',
    [answer({ ...told, prompt_tokens_details: { cached_tokens: 640 } })],
    { promptTokens: 100, cachedTokens: 100 },
  ],
  [
    'thinking: part of the completion',
    [answer({ ...told, total_tokens: 130, completion_tokens_details: { reasoning_tokens: 20 } })],
    { completionTokens: 30, reasoningTokens: 20 },
  ],
  [
    'thinking that a server leaves out of the completion, and has in the total',
    [answer({ ...told, total_tokens: 180, completion_tokens_details: { reasoning_tokens: 50 } })],
    { completionTokens: 80, reasoningTokens: 50 },
  ],
  [
    'every attempt: one cut at its cap, one blank, one that broke off, one good',
    [
      answer(told, { finish_reason: 'length' }),
      answer(told, { message: { content: ' ' } }),
      answer(told, { finish_reason: 'error' }),
      answer(told),
    ],
    { calls: 1, attempts: 4, failedAttempts: 3, promptTokens: 400, completionTokens: 120, unknownAttempts: 0 },
  ],
  [
    'an answer that a filter ended',
    [answer(told, { finish_reason: 'content_filter' })],
    { failedCalls: 1, promptTokens: 100, completionTokens: 30 },
  ],
  ['a failed attempt without usage: unknown', [{ choices: null }, answer(told)], { unknownAttempts: 1 }],
];
for (const [what, bodies, expected] of rows) {
  test(`it counts ${what}`, async () => {
    const counted = await countedOf(bodies);
    const keys = Object.keys(expected) as (keyof UsageTotals)[];
    assert.deepEqual(Object.fromEntries(keys.map((key) => [key, counted[key]])), expected);
  });
}

for (const usage of [undefined, {}, { prompt_tokens: 1.5, completion_tokens: 3 }, { prompt_tokens: -1 }, 'none']) {
  test(`the usage ${JSON.stringify(usage)} reports nothing, so the tokens are estimated and flagged`, async () => {
    const counted = await countedOf([answer(usage as object)]);
    const prompt = estimatePromptTokens(ask().messages);
    assert.equal(counted.promptTokens, prompt);
    assert.equal(counted.completionTokens, estimateTokens(content));
    assert.equal(counted.estimatedTokens, prompt + counted.completionTokens);
  });
}

test('tokens are priced to the last digit, and unpriced tokens are never free of charge', async () => {
  const usage = { ...told, prompt_tokens_details: { cached_tokens: 41 } };
  const priced = await countedOf([answer(usage)], { prices });
  assert.equal(priced.costUsd, '0.000029925'); // (59 × 0.15 + 41 × 0.075 + 30 × 0.60) ÷ 10⁶
  assert.equal(priced.unpricedTokens, 0);
  for (const options of [{}, { prices, model: 'another' }]) {
    const unpriced = await countedOf([answer(usage)], options);
    assert.equal(unpriced.costUsd, undefined);
    assert.equal(unpriced.unpricedTokens, 130);
  }
});

test('the costs of the stages add up to the total', async () => {
  await withStandIn({}, { prices }, async ({ model }) => {
    for (const [place, stage] of ['a', 'b', 'a', 'c'].entries()) await model.complete({ ...ask(place * 7), stage });
    const { total, byStage, pricesAsOf } = model.usage();
    const nano = (cost = '') => Math.round(Number(cost) * 1e9 * 1e3);
    assert.equal(pricesAsOf, '2026-05-31');
    assert.ok(nano(total.costUsd) > 0);
    assert.equal(
      Object.values(byStage).reduce((sum, { costUsd }) => sum + nano(costUsd), 0),
      nano(total.costUsd),
    );
  });
});

test('the time of every attempt counts for its stage, though attempts run side by side', async () => {
  await withStandIn({ medianMs: 60 }, {}, async ({ model }) => {
    const startedMs = performance.now();
    const stages = ['a', 'b', 'a', 'a'];
    await Promise.all(stages.map((stage, place) => model.complete({ ...ask(place), stage })));
    const seconds = (performance.now() - startedMs) / 1000;
    const { total, byStage } = model.usage();
    const [a = 0, b = 0] = [byStage.a?.attemptSeconds, byStage.b?.attemptSeconds];
    assert.ok(a >= 0.15 && a <= 3 * seconds, `${a} s of a in ${seconds} s`);
    assert.ok(b >= 0.05 && b <= seconds, `${b} s of b in ${seconds} s`);
    assert.equal(total.attemptSeconds, a + b);
  });
});

test('usage reports calls in flight and waiting, the time of attempts, and the waits that a server asked for', async () => {
  let limits = false;
  const server = { medianMs: 200, retryAfterMs: 30_000, script: () => (limits ? ('rate429' as const) : undefined) };
  await withStandIn(server, { concurrency: 2 }, async ({ model }) => {
    const calls = [0, 1, 2, 3, 4].map((i) => model.complete(ask(i)));
    while (model.usage().inFlight < 2) await delay(5);
    assert.deepEqual([model.usage().waiting, model.usage().concurrency, model.usage().holds], [3, 2, []]);
    await Promise.all(calls);
    const { inFlight, waiting, busySeconds, recent } = model.usage();
    assert.deepEqual([inFlight, waiting], [0, 0]);
    assert.ok(busySeconds >= 0.9, `five attempts of 0.2 s: ${busySeconds}`);
    assert.ok(recent.inFlight > 0 && recent.inFlight <= 2 && recent.tokensPerSecond > 0, JSON.stringify(recent));
    limits = true;
    const held = assert.rejects(model.complete(ask(9)), /stopped before this call/);
    while (model.usage().holds.length === 0) await delay(5);
    const [hold] = model.usage().holds;
    assert.ok(hold && hold.seconds > 1 && hold.seconds <= 30, JSON.stringify(hold));
    assert.deepEqual([hold?.reason, model.usage().waiting], ['it answered 429', 1]);
    model.drain();
    await held;
  });
});
