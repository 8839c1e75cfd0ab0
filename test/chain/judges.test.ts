import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { corpusIndex } from '../../src/chain/corpusIndex.js';
import { planRun } from '../../src/chain/planRun.js';
import { rareChain } from '../../src/chain/rareChain.js';
import { rarePlan } from '../../src/chain/rarePlan.js';
import { judgedRequest } from '../../src/llm/offline/judgedMaterial.js';
import { offlineAnswer } from '../../src/llm/offline/offlineModel.js';
import type { DataRecord, Reject } from '../../src/record.js';
import { Judgements } from '../../src/standIn/answers/judgements.js';
import { root } from '../support/command.js';
import { scriptedModel } from '../support/models.js';
import { collect } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');
const documents: DataRecord[] = readFileSync(corpus, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

test('with judges, rareChain asks in the order that saves calls, and mines spares for those left out', async (t) => {
  const index = await corpusIndex(corpus, path.join(workFolder(t), 'c.bm25'));
  t.after(() => index.close());
  const stages: string[] = [];
  const judgements = new Judgements([], { errors: 0.3, seed: 3 });
  const model = scriptedModel(({ messages, stage = '' }) => {
    stages.push(stage);
    return judgedRequest(messages)?.kind === 'documents' ? judgements.write(messages) : offlineAnswer(messages);
  });
  const rejects: Reject[] = [];
  const options = { filterDocuments: true, judgeQuestions: true, judgeNegatives: true, numNeg: 2, concurrency: 1 };
  const chain = rareChain({ model, index, sampling: 'top', rejects: (one) => void rejects.push(one), ...options });
  assert.deepEqual(
    chain.stages.map(({ name }) => name),
    ['filter_documents', 'doc2query', 'judge_questions', 'bm25_hard_neg', 'judge_negatives', 'reason_distill'],
  );
  const source = [...documents.slice(0, 8), documents[0] as DataRecord, { text: 'Too short.' }];
  const out = await collect(chain(source));
  assert.equal(out.length + rejects.length, source.length);
  assert.deepEqual(rejects.map(({ stage }) => stage).filter((stage) => stage === 'filter_documents').length, 2);
  const calls = (stage: string) => stages.filter((one) => one === stage).length;
  assert.deepEqual(['doc2query', 'judge_questions', 'judge_negatives'].map(calls), [8, 8, 8]);
  assert.equal(calls('reason_distill'), out.length);
  const full = out.filter(({ hard_negatives }) => hard_negatives.length === 2).length;
  assert.ok(full >= out.length - 2, `${full} of ${out.length} have both negatives`);
  assert.ok(out.some((record) => Array.isArray((record as DataRecord).positives)));
});

test('the settings of rareChain have the options of its judges only if it has judges', async (t) => {
  const index = await corpusIndex(corpus, path.join(workFolder(t), 'c.bm25'));
  t.after(() => index.close());
  const model = scriptedModel(() => '');
  const keysOf = (options: object) => Object.keys(rareChain({ model, index, ...options }).settings);
  const added = keysOf({ judgeNegatives: true }).filter((key) => !keysOf({}).includes(key));
  assert.deepEqual(added.sort(), [
    'annotate',
    'confirmWhen',
    'judgeModel',
    'judgeNegatives',
    'negativesJudgementKey',
    'onFalse',
    'spare',
  ]);
});

test('a dry run counts the calls of judges at the prices of their models, and leaves out filtered documents', async (t) => {
  const input = writeRecords(workFolder(t), 'in.jsonl', [...documents.slice(0, 30), ...documents.slice(0, 6)]);
  const prices = {
    asOf: '2026-05-31',
    models: {
      m: { input: '1', output: '2' },
      judge: { input: '10', output: '20' },
      big: { input: '100', output: '200' },
    },
  };
  const checks = { filterDocuments: true, judgeQuestions: true, judgeNegatives: true };
  const plan = await planRun(input, {
    ...rarePlan({ ...checks, judgeModel: 'judge', confirmModel: 'big' }),
    ...{ model: 'm', prices },
  });
  assert.deepEqual([plan.records, plan.unusable], [30, 6]);
  assert.deepEqual(
    plan.stages.map(({ stage, calls }) => [stage, calls]),
    [
      ['doc2query', 31],
      ['judge_questions', 31],
      ['judge_negatives', 31],
      ['confirm_negatives', 10],
      ['reason_distill', 30],
    ],
  );
  const [, judge, , confirm] = plan.stages;
  const costOf = ({ promptTokens, completionTokens }: typeof plan.total, price: number) =>
    (price * (promptTokens.likely + 2 * completionTokens.likely)) / 1e6;
  assert.ok(judge && confirm);
  assert.ok(Math.abs(Number(judge.costUsd?.likely) - costOf(judge, 10)) < 1e-9);
  assert.ok(Math.abs(Number(confirm.costUsd?.likely) - costOf(confirm, 100)) < 1e-9);
  assert.ok(plan.bases.some((line) => line.startsWith('judges: assumed to reject nothing')));
});
