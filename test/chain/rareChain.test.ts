import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { corpusIndex } from '../../src/chain/corpusIndex.js';
import { planRun } from '../../src/chain/planRun.js';
import { rareChain } from '../../src/chain/rareChain.js';
import { rarePlan } from '../../src/chain/rarePlan.js';
import { createModel } from '../../src/llm/createModel.js';
import { root } from '../support/command.js';
import { collect } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');

test('rareChain is an operator that adds the fields of its three operators, typed', async (t) => {
  const index = await corpusIndex(corpus, path.join(workFolder(t), 'c.bm25'));
  t.after(() => index.close());
  const model = createModel({ model: 'offline' });
  const chain = rareChain({ model, index, numNeg: 2, reasoningKey: 'thoughts', requirePositive: false });
  const [record] = await collect(chain([{ text: 'The tide turns twice a day, and the ice moves slowly.' }]));
  assert.ok(record);
  assert.ok(record.question.length > 0 && record.scenario.length > 0 && record.thoughts.length > 0);
  assert.equal(record.hard_negatives.length, 2);
  assert.deepEqual(
    chain.stages.map(({ name }) => name),
    ['doc2query', 'bm25_hard_neg', 'reason_distill'],
  );
});

test('the settings of rareChain are the options that shape records, and do not change with its concurrency', async (t) => {
  const index = await corpusIndex(corpus, path.join(workFolder(t), 'c.bm25'));
  t.after(() => index.close());
  const model = createModel({ model: 'offline' });
  const settings = (options: object) => JSON.stringify(rareChain({ model, index, ...options }).settings);
  assert.equal(settings({ concurrency: 3, groupPattern: /a/ }), settings({ concurrency: 5, groupPattern: /a/ }));
  assert.notEqual(settings({ groupPattern: /a/ }), settings({ groupPattern: /b/ }));
  assert.notEqual(settings({ numNeg: 5 }), settings({}));
});

test('rareChain refuses an unknown option with a suggestion', () => {
  assert.throws(() => rareChain({ numNegs: 3 } as never), /rareChain has no option "numNegs"|did you mean/);
});

test('planRun returns the figures of a chain, and reads no more than it must accept', async (t) => {
  const folder = workFolder(t);
  const input = writeRecords(folder, 'in.jsonl', [{ body: 'The tide turns.' }, { body: '' }, { body: 'Ice.' }]);
  const prices = { asOf: '2026-05-31', models: { m: { input: '1', output: '2' } } };
  const plan = await planRun(input, { ...rarePlan({ textKey: 'body', numNeg: 1 }), model: 'm', prices });
  assert.deepEqual([plan.records, plan.unusable, plan.sampled, plan.total.calls], [2, 1, 2, 4]);
  assert.ok(Number(plan.total.costUsd?.likely) > 0);
  await assert.rejects(planRun(input, { ...rarePlan(), prices }), /prices depend on the model/);
});
