import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import { ModelError, UsageError } from '../../../src/errors.js';
import type { ChatModel, ChatRequest, Completion, Usage } from '../../../src/llm/chatModel.js';
import { maxPromptTokens } from '../../../src/llm/cost/estimateTokens.js';
import { priceOf } from '../../../src/llm/cost/prices.js';
import { createModel, type ModelOptions } from '../../../src/llm/createModel.js';
import { Budget, type BudgetOptions } from '../../../src/llm/middleware/budget.js';
import { budgetRun, isBudgetStop, prices } from '../../support/budgetRun.js';
import { withStandIn } from '../../support/standInModel.js';
import { failure, good, rejection, status } from '../playedModel.js';

const ask = (content: string, maxTokens = 100): ChatRequest => ({ messages: [{ role: 'user', content }], maxTokens });
const small = ask('why?');
const worstOfSmall = maxPromptTokens(small) + 100;

/** A model under a budget; each attempt stays in flight until the test ends it. */
function held(options: Partial<BudgetOptions>) {
  const inFlight: { end: (usage: Usage) => Promise<void>; fail: (error: unknown) => Promise<void> }[] = [];
  const inner: ChatModel = {
    name: 'stand-in',
    complete: () =>
      new Promise<Completion>((resolve, reject) => {
        const leave = async (settle: () => void) => {
          inFlight.splice(inFlight.indexOf(flight), 1);
          settle();
          for (let turn = 0; turn < 5; turn++) await tick();
        };
        const flight = {
          end: (usage: Usage) => leave(() => resolve({ ...good, usage })),
          fail: (error: unknown) => leave(() => reject(error)),
        };
        inFlight.push(flight);
      }),
  };
  const budget = new Budget({ model: 'stand-in', maxTokens: 100, price: priceOf(prices, 'stand-in'), ...options });
  return { model: budget.guard(inner), inFlight, state: () => budget.state()[0] };
}
const spend = (tokens: number): Usage => ({ promptTokens: tokens, completionTokens: 0 });

test('attempts are sent while their worst cases fit the budget, and the unused part admits the next', async () => {
  const { model, inFlight, state } = held({ budgetTokens: 2 * worstOfSmall + 20 });
  const calls = [1, 2, 3].map(() => model.complete(small));
  await tick();
  assert.equal(inFlight.length, 2);
  await inFlight[0]?.end(spend(20));
  assert.equal(inFlight.length, 2, 'the third has the place of the first');
  while (inFlight.length > 0) await inFlight[0]?.end(spend(30));
  assert.equal((await Promise.all(calls)).length, 3);
  assert.deepEqual(state(), { unit: 'tokens', cap: `${2 * worstOfSmall + 20} tokens`, spent: '80 tokens' });
});

test('the budget is reached when none is in flight and no waiting one fits; those in flight end well', async () => {
  const { model, inFlight } = held({ budgetTokens: 2 * worstOfSmall - 1 });
  const first = model.complete(small);
  const waiting = [model.complete(small), model.complete(ask('why?', 200))];
  const refused = Promise.all(waiting.map((call) => rejection(call, ModelError)));
  await tick();
  assert.equal(inFlight.length, 1);
  await inFlight[0]?.end(spend(worstOfSmall));
  assert.equal((await first).text, 'yes');
  const [error, other] = await refused;
  assert.equal(error, other);
  assert.equal(
    error?.message,
    `the budget is reached: ${worstOfSmall} tokens of ${2 * worstOfSmall - 1} tokens spent, and the next call may use ${worstOfSmall} tokens`,
  );
  assert.match(error?.hint ?? '', /run again to resume/);
  await rejection(model.complete(ask('', 1)), ModelError);
  assert.equal(inFlight.length, 0, 'nothing goes out any more, not even what would fit');
});

test('a large request lets smaller ones pass while it waits', async () => {
  const { model, inFlight } = held({ budgetTokens: 3 * worstOfSmall });
  const outcomes: string[] = [];
  const note = (name: string) => [() => void outcomes.push(name), () => void outcomes.push(`no ${name}`)] as const;
  const calls = [
    model.complete(small).then(...note('small')),
    model.complete(ask('why?', 3 * worstOfSmall)).then(...note('large')),
    model.complete(small).then(...note('small')),
  ];
  await tick();
  assert.equal(inFlight.length, 2);
  while (inFlight.length > 0) await inFlight[0]?.end(spend(1));
  await Promise.all(calls);
  assert.deepEqual(outcomes, ['small', 'small', 'no large']);
});

const settled: [string, (flight: ReturnType<typeof held>['inFlight'][number]) => Promise<void>, number, number][] = [
  ['an answer takes what it was billed', (one) => one.end({ promptTokens: 5, completionTokens: 7 }), 12, 0],
  ['an estimate counts as unknown', (one) => one.end({ ...spend(5), estimated: true }), worstOfSmall, worstOfSmall],
  [
    'a bill that is not reported is charged at the worst case',
    (one) => one.fail(failure('reset', { billingUnknown: true })),
    worstOfSmall,
    worstOfSmall,
  ],
  ['an abort takes the worst case', (one) => one.fail(new DOMException('', 'AbortError')), worstOfSmall, worstOfSmall],
  ['a failure takes what it was billed', (one) => one.fail(failure('blank', { usage: spend(9) })), 9, 0],
  ['a refusal takes nothing', (one) => one.fail(status(500)), 0, 0],
  ['what never went out takes nothing', (one) => one.fail(new ModelError('stopped')), 0, 0],
];
for (const [name, settle, spent, assumed] of settled) {
  test(name, async () => {
    const { model, inFlight, state } = held({ budgetTokens: 5000 });
    const call = model.complete(small).catch(() => {});
    await tick();
    if (inFlight[0]) await settle(inFlight[0]);
    await call;
    const { spent: counted, assumed: unknown = '0 tokens' } = state() ?? {};
    assert.deepEqual([counted, unknown], [`${spent} tokens`, `${assumed} tokens`]);
  });
}

test('an abort removes a waiting call, and leaves no listener', async () => {
  const { model, inFlight } = held({ budgetTokens: worstOfSmall });
  const controller = new AbortController();
  const first = model.complete(small);
  const second = model.complete(small, { signal: controller.signal });
  await tick();
  controller.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
  await inFlight[0]?.end(spend(1));
  await first;
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a server that answers over the cap ends the run, since no budget can be kept', async () => {
  const { model, inFlight } = held({ budgetTokens: 10_000 });
  const first = model.complete(small);
  await tick();
  await inFlight[0]?.end({ promptTokens: 5, completionTokens: 9000 });
  assert.equal((await first).text, 'yes');
  const { message } = await rejection(model.complete(small), ModelError);
  assert.match(
    message,
    /billed 5 \+ 9000 tokens, but the prompt and the cap allow only \d+ \+ 100: a budget cannot be kept/,
  );
});

test('the bound of a prompt counts every byte, those of its NFC form too, and the form asked for', () => {
  const longest = ['hello', '冰川', '😀', '\ud800', '\u{1d160}'.repeat(500), '\ufb2c', '\u0958'.repeat(300)];
  for (const text of longest) {
    const bytes = Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize('NFC')));
    assert.ok(maxPromptTokens(ask(text)) - maxPromptTokens(ask('')) >= bytes, text);
  }
  const twice = { ...small, messages: [...small.messages, ...small.messages] };
  assert.ok(maxPromptTokens(twice) > maxPromptTokens(small));
  assert.ok(
    maxPromptTokens({ ...small, schema: { name: 'n', schema: { a: 'x'.repeat(500) } } }) - maxPromptTokens(small) >=
      500,
  );
});

const refused: [Partial<ModelOptions>, RegExp][] = [
  [{ budgetUsd: 1, maxTokens: 9 }, /a budget in dollars requires the price of m/],
  [{ budgetUsd: 1, maxTokens: 9, prices: { asOf: '2026-05-31', models: {} } }, /requires the price of m/],
  [{ budgetUsd: 0, maxTokens: 9 }, /budgetUsd must be dollars above 0.*got 0/],
  [{ budgetUsd: 'ten', maxTokens: 9 }, /budgetUsd must be dollars above 0.*got the string "ten"/],
  [{ budgetTokens: 9.5, maxTokens: 9 }, /budgetTokens must be a whole number >= 1, got 9.5/],
  [{ budgetTokens: 9000 }, /a budget requires a cap on each answer/],
  [{ budgetTokens: 9000, model: 'offline', maxTokens: 9 }, /offline model costs nothing/],
];
for (const [options, message] of refused) {
  test(`a budget that could not be kept is refused at the start: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => createModel({ model: 'm', ...options }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('an answer that is cut is asked for again only if twice its cap still fits', async () => {
  const cut = { script: () => 'finishLength' as const };
  const budgetTokens = worstOfSmall + 100;
  await withStandIn(cut, { model: 'stand-in', budgetTokens, maxTokens: 100 }, async ({ model, ledger }) => {
    const { message } = await rejection(model.complete(ask('why?')), ModelError);
    assert.match(message, /the budget is reached/);
    assert.deepEqual(
      ledger.calls.map(({ parameters }) => parameters.max_tokens),
      [100],
    );
  });
});

test('a model that accepts no cap at all is asked nothing under a budget', async () => {
  const capsSent: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const param = Object.keys(JSON.parse(body)).find((name) => /^max_/.test(name));
    capsSent.push(param);
    const error = { message: `Unsupported parameter: ${param}`, code: 'unsupported_parameter', param };
    response.writeHead(400).end(JSON.stringify({ error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel({ model: 'm', baseUrl, maxTokens: 100, budgetTokens: 1e6 });
  const errors = await Promise.all([1, 2, 3, 4].map(() => rejection(model.complete(small), ModelError)));
  await model.close();
  server.close();
  assert.match(errors[0]?.message ?? '', /m accepts no cap on its answers, so a budget cannot be kept/);
  assert.equal(errors[0]?.resumable, false);
  assert.ok(capsSent.length >= 2 && !capsSent.includes(undefined), String(capsSent));
  assert.equal(model.usage().budgets[0]?.spent, '0 tokens');
});

for (const unit of ['usd', 'tokens'] as const) {
  test(`what the server billed stays under a budget in ${unit}, through every fault`, async () => {
    const cap = unit === 'usd' ? 0.03 : 150_000;
    for (const seed of unit === 'usd' ? [1, 2, 3] : [4, 5]) {
      const run = await budgetRun({ seed, unit, cap, records: 1000 });
      const told = JSON.stringify({ ...run, error: String(run.error) });
      assert.ok(isBudgetStop(run.error), told);
      assert.ok(run.untold > 0, 'some bills were reported to nobody');
      assert.ok(run.billed <= run.spent && run.spent <= cap, told);
      assert.ok(run.spent >= 0.95 * cap, told);
      assert.ok(run.out + run.rejected <= run.taken && run.out > 50, told);
    }
  });
}
