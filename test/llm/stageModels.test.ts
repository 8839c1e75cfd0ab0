import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { commands } from '../../src/cli/commands.js';
import { configValues, readConfig } from '../../src/cli/options/config.js';
import { refuseRedirectedKey } from '../../src/cli/options/configKeys.js';
import { openModel, openModels } from '../../src/cli/options/openModel.js';
import { UsageError } from '../../src/errors.js';
import type { ChatRequest } from '../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { type StandIn, startStandIn } from '../../src/standIn/http/server.js';
import { workFolder } from '../support/workFolder.js';

const ask = (stage: string, n = 0): ChatRequest => ({
  messages: [{ role: 'user', content: `<question>Why ${n}?</question>` }],
  stage,
});
const prices = { asOf: '2026-05-31', models: { small: { input: 1, output: 1 }, large: { input: 1000, output: 1000 } } };

async function withServers(
  options: (teacher: StandIn) => Partial<ModelOptions>,
  body: (parts: { run: StandIn; teacher: StandIn; model: ReturnType<typeof createModel> }) => Promise<void>,
) {
  const [run, teacher] = [await startStandIn({ medianMs: 20 }), await startStandIn({ medianMs: 20 })];
  const model = createModel({ model: 'small', baseUrl: run.baseUrl, baseDelayMs: 1, ...options(teacher) });
  try {
    await body({ run, teacher, model });
  } finally {
    await model.close();
    await run.close();
    await teacher.close();
  }
}

test('each stage asks its own model, at its own server with its own key and settings; others those of the run', () =>
  withServers(
    ({ baseUrl }) => ({
      apiKey: 'key-of-the-run',
      secretHeaders: { 'x-tenant': 'of-the-run' },
      temperature: 0.5,
      prices,
      models: {
        reason_distill: { model: 'large', baseUrl, temperature: 1, maxTokens: 900, extraBody: { top_k: 5 } },
        doc2query: { maxTokens: 300 },
      },
    }),
    async ({ run, teacher, model }) => {
      const question = await model.complete(ask('doc2query'));
      const reasoning = await model.complete(ask('reason_distill'));
      const other = await model.complete(ask('other'));
      assert.deepEqual([question.model, reasoning.model, other.model], ['small', 'large', 'small']);
      assert.deepEqual(run.ledger.calls[0]?.parameters, { model: 'small', max_tokens: 300, temperature: 0.5 });
      assert.deepEqual(run.ledger.calls[1]?.parameters, { model: 'small', temperature: 0.5 });
      assert.deepEqual(teacher.ledger.calls[0]?.parameters, {
        ...{ model: 'large', max_tokens: 900, temperature: 1, top_k: 5 },
      });
      assert.equal(run.ledger.calls[0]?.authorization, 'Bearer key-of-the-run');
      assert.equal(teacher.ledger.calls[0]?.authorization, undefined);
      const { byStage, total } = model.usage();
      const costs = ['doc2query', 'reason_distill', 'other'].map((stage) => Number(byStage[stage]?.costUsd));
      assert.ok((costs[1] as number) > 100 * (costs[0] as number), 'each at the price of its model');
      assert.ok(Math.abs(Number(total.costUsd) - costs.reduce((a, b) => a + b)) < 1e-9);
      assert.equal(total.attempts, 3);
    },
  ));

test('the stages share the concurrency of the run; one with its own limit does not count in it', async () => {
  for (const [own, most] of [
    [undefined, 4],
    [8, 12],
  ] as const) {
    await withServers(
      ({ baseUrl }) => ({ concurrency: 4, models: { reason_distill: { baseUrl, concurrency: own } } }),
      async ({ model, teacher }) => {
        const stages = ['doc2query', 'reason_distill'];
        await Promise.all(
          stages.flatMap((stage) => Array.from({ length: 24 }, (_, n) => model.complete(ask(stage, n)))),
        );
        assert.equal(model.usage().peakInFlight, most);
        assert.equal(model.usage().concurrency, most);
        assert.equal(teacher.ledger.calls.length, 24);
      },
    );
  }
});

test('one budget holds for all stages, at the price of each', () =>
  withServers(
    ({ baseUrl }) => ({
      ...{ prices, budgetUsd: '0.30', maxTokens: 100, concurrency: 1 },
      models: { reason_distill: { model: 'large', baseUrl } },
    }),
    async ({ model, teacher }) => {
      for (let n = 0; n < 20; n++) await model.complete(ask('doc2query', n));
      await assert.rejects(async () => {
        for (let n = 0; n < 20; n++) await model.complete(ask('reason_distill', n));
      }, /the budget is reached/);
      assert.ok(teacher.ledger.calls.length < 20);
    },
  ));

test('a budget in dollars requires the price of each model', () => {
  assert.throws(
    () =>
      createModel({
        model: 'small',
        prices,
        budgetUsd: 1,
        maxTokens: 9,
        models: { reason_distill: { model: 'dear' } },
      }),
    (error) => error instanceof UsageError && /price of dear, the model of reason_distill/.test(error.message),
  );
});

test('stages that are given the same object share its connections and its limit', () =>
  withServers(
    ({ baseUrl }) => {
      const judge = { model: 'large', baseUrl, concurrency: 3 };
      return { concurrency: 2, models: { judge_questions: judge, judge_negatives: judge } };
    },
    async ({ model, teacher }) => {
      const stages = ['judge_questions', 'judge_negatives'];
      await Promise.all(stages.flatMap((stage) => Array.from({ length: 9 }, (_, n) => model.complete(ask(stage, n)))));
      const { peakInFlight, concurrency } = model.usage();
      assert.deepEqual([peakInFlight, concurrency, model.capabilities().length], [3, 5, 2]);
      assert.equal(teacher.ledger.calls.length, 18);
    },
  ));

test('the models of the judges are stages of the run: one budget, one set of counts, one cache', (t) =>
  withServers(
    () => ({}),
    async ({ run, teacher }) => {
      const pricesFile = path.join(workFolder(t), 'prices.json');
      writeFileSync(pricesFile, JSON.stringify(prices));
      const flags = {
        ...{ model: 'small', baseUrl: [run.baseUrl], maxTokens: 500, budgetUsd: 5, prices: pricesFile, concurrency: 2 },
        ...{ judgeModel: 'large', judgeBaseUrl: [teacher.baseUrl], confirmModel: 'offline' },
        cache: path.join(workFolder(t), 'cache'),
      };
      for (const [from, calls] of [
        ['asked', 3],
        ['cached', 0],
      ] as const) {
        const { model, judgeModel, confirmModel } = openModels(flags, {});
        const before = run.ledger.calls.length + teacher.ledger.calls.length;
        await model.complete(ask('doc2query'));
        await judgeModel.complete(ask('judge_questions'));
        await judgeModel.complete(ask('accept_reasoning', 1));
        await confirmModel?.complete(ask('confirm_negatives'));
        assert.equal(run.ledger.calls.length + teacher.ledger.calls.length - before, calls, from);
        const { byStage, total, budgets } = model.usage();
        assert.equal(total.calls, 4);
        assert.equal(byStage.confirm_negatives?.costUsd, '0', 'the offline model costs nothing');
        assert.equal(budgets.length, 1);
        assert.equal(budgets[0]?.spent, `$${total.costUsd}`);
        if (calls > 0) assert.ok(Number(byStage.judge_questions?.costUsd) > 100 * Number(byStage.doc2query?.costUsd));
        assert.deepEqual([judgeModel.name, confirmModel?.name], ['large', 'offline']);
        await model.close();
      }
      const bare = { model: 'small', baseUrl: [run.baseUrl], concurrency: 2 };
      assert.throws(
        () => openModels({ ...bare, ...{ confirmBaseUrl: ['http://x/v1'] } }, {}),
        /--confirm-base-url needs/,
      );
    },
  ));

test('an unknown option of a stage is refused by its name', () => {
  const models = { doc2query: { modell: 'x' } } as unknown as ModelOptions['models'];
  assert.throws(() => createModel({ model: 'small', models }), /createModel: models\.doc2query has no option "modell"/);
});

test('the flags of a stage name its model, server and key; a key of the run is not sent to another server', async () => {
  const [run, teacher] = [await startStandIn(), await startStandIn()];
  const env = { RUN_KEY: 'key-of-the-run', TEACHER_KEY: 'key-of-the-teacher', OPENAI_API_KEY: 'key-of-openai' };
  for (const [apiKeyEnv, authorization] of [
    ['TEACHER_KEY', 'Bearer key-of-the-teacher'],
    [undefined, undefined],
  ] as const) {
    const flags = { model: 'a', baseUrl: run.baseUrl, apiKeyEnv: 'RUN_KEY', concurrency: 1, cache: false as const };
    const own = { reasonDistillModel: 'b', reasonDistillBaseUrl: teacher.baseUrl, reasonDistillApiKeyEnv: apiKeyEnv };
    const model = openModel({ ...flags, ...own }, env);
    await model.complete(ask('doc2query'));
    await model.complete(ask('reason_distill'));
    assert.equal(run.ledger.calls.at(-1)?.authorization, 'Bearer key-of-the-run');
    assert.equal(teacher.ledger.calls.at(-1)?.authorization, authorization);
    assert.equal(teacher.ledger.calls.at(-1)?.parameters?.model, 'b');
    await model.close();
  }
  await run.close();
  await teacher.close();
});

test('models in a configuration are options of run for each stage, and those of the command of one stage', async (t) => {
  const file = path.join(workFolder(t), 'rareflow.config.json');
  const models = {
    questions: { model: 'a', temperature: 1 },
    teacher: { model: 'b', baseUrl: 'http://localhost:1/v1' },
  };
  writeFileSync(file, JSON.stringify({ models }));
  const config = await readConfig(file, commands);
  const valuesFor = (name: string) => {
    const spec = commands.find((one) => one.name === name);
    return spec && configValues(spec, config);
  };
  assert.deepEqual(valuesFor('run'), {
    doc2queryModel: 'a',
    doc2queryTemperature: 1,
    reasonDistillModel: 'b',
    reasonDistillBaseUrl: 'http://localhost:1/v1',
  });
  assert.deepEqual(valuesFor('doc2query'), { model: 'a', temperature: 1 });
  assert.deepEqual(valuesFor('reason-distill'), { model: 'b', baseUrl: 'http://localhost:1/v1' });
  assert.deepEqual(valuesFor('search'), {});
  for (const wrong of [{ student: {} }, { teacher: { modell: 'x' } }, { teacher: { temperature: -1 } }, []]) {
    writeFileSync(file, JSON.stringify({ models: wrong }));
    await assert.rejects(readConfig(file, commands), UsageError, JSON.stringify(wrong));
  }
});

test('OPENAI_API_KEY is not sent to a server of a stage, or in a header, that only a configuration names', () => {
  const env = { OPENAI_API_KEY: 'sk-secret', ANOTHER: 'another' };
  const evil = 'https://evil.example/v1';
  const refused = [
    { reasonDistillBaseUrl: evil, reasonDistillApiKeyEnv: 'OPENAI_API_KEY' },
    { baseUrl: evil, reasonDistillApiKeyEnv: 'OPENAI_API_KEY' },
    { baseUrl: evil, headerEnv: 'x-key=OPENAI_API_KEY' },
  ];
  for (const configured of refused) {
    assert.throws(
      () => refuseRedirectedKey('f', configured, {}, env),
      /not sent to evil\.example/,
      JSON.stringify(configured),
    );
  }
  const fine: [object, object][] = [
    [{ reasonDistillBaseUrl: evil, reasonDistillApiKeyEnv: 'ANOTHER' }, {}],
    [{ reasonDistillBaseUrl: evil, apiKeyEnv: 'OPENAI_API_KEY' }, {}],
    [{ reasonDistillApiKeyEnv: 'OPENAI_API_KEY' }, { reasonDistillBaseUrl: evil }],
  ];
  for (const [configured, given] of fine) refuseRedirectedKey('f', configured, given, env);
});
