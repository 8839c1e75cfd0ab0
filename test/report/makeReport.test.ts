import assert from 'node:assert/strict';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { mentionsDocument } from '../../src/operators/doc2Query/mentionsDocument.js';
import { readEntry } from '../../src/report/entry.js';
import { makeReport, type ReportOptions } from '../../src/report/makeReport.js';
import type { ReportData } from '../../src/report/reportData.js';
import { scriptLanguage } from '../../src/util/scriptLanguage.js';
import { range } from '../support/sources.js';
import { madeRecord } from './madeRecord.js';

/** Returns the JSON data of a report page. */
async function reportOf(records: unknown[], options: ReportOptions = {}): Promise<ReportData> {
  const { html } = await makeReport(() => from(records), options);
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json);
}

const warningsOf = ({ findings }: ReportData) =>
  Object.fromEntries(findings.flatMap(({ warning, count }) => (warning === undefined ? [] : [[warning, count]])));

test('a report counts records, rejects with their reasons, and the tokens of each stage', async () => {
  const records = Array.from(range(30), madeRecord);
  const rejects = [
    { stage: 'doc2query', reason: 'answer 17 could not be read', attempts: 3, answer: 'no', record: { text: 'a' } },
    { stage: 'doc2query', reason: 'answer 18 could not be read', record: { text: 'b' } },
    { stage: 'read', reason: 'not JSON', path: 'x', line: 3, text: '{' },
  ];
  const report = await reportOf(records, { title: 'out.jsonl', rejects: from(rejects) });
  assert.deepEqual(report.counts, { in: 33, extra: 0, out: 30, rejected: 3, pending: 0 });
  assert.deepEqual(
    report.rejects?.top.map(({ example, count }) => [...JSON.parse(example), count]),
    [
      ['doc2query', 'answer 17 could not be read', 2],
      ['read', 'not JSON', 1],
    ],
  );
  const [doc2query] = report.stages;
  assert.deepEqual([doc2query?.records, doc2query?.rejected, doc2query?.promptTokens], [30, 2, 30 * 100]);
  assert.deepEqual(doc2query?.makers, [{ name: 'teacher, doc2query-1', count: 30 }]);
  assert.match(report.findings[0]?.words ?? '', /were rejected/);
  assert.equal(report.entries.filter(({ rejected }) => rejected !== undefined).length, 3);
});

test('a report reads counts, time and cost from the summary of the run, and nothing from a broken summary', async () => {
  const summary = {
    ...{
      state: 'stopped',
      reason: 'the budget is spent',
      in: 50,
      extra: 0,
      out: 30,
      rejected: 4,
      pending: 16,
      seconds: 12.5,
    },
    usage: { byStage: { doc2query: { attempts: 40, promptTokens: 5000, completionTokens: 900, costUsd: '0.0125' } } },
  };
  const report = await reportOf(Array.from(range(30), madeRecord), { summary });
  assert.deepEqual(report.counts, { in: 50, extra: 0, out: 30, rejected: 4, pending: 16 });
  assert.equal(report.run.seconds, 12.5);
  assert.equal(report.stages[0]?.usage?.costUsd, '0.0125');
  assert.ok(report.findings.some(({ words }) => words === 'The run was stopped: the budget is spent.'));
  for (const broken of [null, 'x', [], { in: 'many', usage: [1], state: 7 }]) {
    const { counts, countsFromRun } = await reportOf([madeRecord(0)], { summary: broken });
    assert.deepEqual([counts.in, countsFromRun], [1, false]);
  }
});

test('a report warns of each thing that makes a record doubtful', async () => {
  const records: Record<string, unknown>[] = Array.from(range(40), madeRecord);
  const change = (at: number, fields: object, stage?: string, details?: object) => {
    const record = { ...madeRecord(at), ...fields };
    const told = record._rareflow as Record<string, object>;
    records[at] =
      stage === undefined ? record : { ...record, _rareflow: { ...told, [stage]: { ...told[stage], ...details } } };
  };
  change(1, { question: 'What does the passage say of tides?' });
  change(2, {}, 'reason_distill', { finishReason: 'length' });
  change(3, {}, 'bm25_hard_neg', { positive: { rank: 5, score: 1 } });
  change(4, { reasoning: 'So.' });
  change(5, { question: madeRecord(0).question });
  change(6, { question: `${madeRecord(0).question} And why?` });
  change(7, {}, 'bm25_hard_neg', { shortfall: 1 });
  change(8, { scenario: ' ' });
  change(9, {}, 'doc2query', { model: 'offline' });
  assert.deepEqual(warningsOf(await reportOf(records)), {
    ...{ mentionsDocument: 1, cutShort: 1, negativeAbove: 1, shortReasoning: 1, duplicate: 1, nearDuplicate: 1 },
    ...{ fewNegatives: 1, empty: 1, offline: 1 },
  });
  assert.deepEqual(warningsOf(await reportOf(Array.from(range(40), madeRecord))), {});
});

test('a question that points at its document is known in English and Chinese, and others are left alone', () => {
  for (const question of [
    'According to the document, why do tides turn?',
    'What does this passage imply?',
    'Given the above text, which is larger?',
    '根据文中的说法，潮汐为什么变化？',
    '本文的主要观点是什么？',
  ]) {
    assert.ok(mentionsDocument(question), question);
  }
  for (const question of [
    'Which documents must a ship carry?',
    'Why does a passage of time matter?',
    '中文中的量词怎么用？',
  ]) {
    assert.ok(!mentionsDocument(question), question);
  }
});

test('the sample holds records of each warning, and is the same for the same seed', async () => {
  const records = Array.from(range(3000), (i) => ({
    ...madeRecord(i),
    ...(i === 1234 && { question: 'What does the document say?' }),
  }));
  const [first, second, other] = await Promise.all([0, 0, 1].map((seed) => reportOf(records, { sample: 20, seed })));
  const numbers = (report: ReportData | undefined) => report?.entries.map(({ number }) => number);
  assert.deepEqual(numbers(first), numbers(second));
  assert.notDeepEqual(numbers(first), numbers(other));
  assert.equal(first?.entries.length, 21);
  assert.deepEqual(first?.entries.find(({ number }) => number === 1235)?.warnings, ['mentionsDocument']);
});

test('long texts are cut with a note, so that the page stays under 5 MB', async () => {
  const long = '潮汐'.repeat(30_000);
  const records = Array.from(range(250), (i) => ({
    ...madeRecord(i),
    text: long,
    hard_negatives: [long, long, long],
    reasoning: long,
  }));
  const { html } = await makeReport(() => from(records));
  assert.ok(Buffer.byteLength(html) < 5e6, String(Buffer.byteLength(html)));
  assert.match(html, /… \[\d+,\d+ more characters\]/);
});

test('any value of a line makes an entry', () => {
  for (const value of [
    null,
    7,
    'text',
    [],
    {},
    { question: 3, hard_negatives: [null, { a: 1 }], _rareflow: [1] },
    { _rareflow: { bm25_hard_neg: { negatives: 'x', positive: 4 } } },
  ]) {
    const entry = readEntry(value, 1);
    assert.equal(entry.number, 1);
    assert.ok(Array.isArray(entry.negatives));
  }
  assert.equal(readEntry({ stage: 'read', reason: 'not JSON', text: '{' }, 3).state, 'rejected by read');
});

test('languages are recognised by their script', () => {
  const told = ['Why?', '为什么会这样', 'なぜ潮は変わるのか', '왜 그런가', 'Почему?', 'لماذا', '42'].map(
    scriptLanguage,
  );
  assert.deepEqual(told, ['Latin', 'Chinese', 'Japanese', 'Korean', 'Cyrillic', 'Arabic', 'none']);
});
