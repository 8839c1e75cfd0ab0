import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import type { PricedEstimate } from '../../../src/chain/planRun.js';
import { sampleRecords } from '../../../src/chain/sampleRecords.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import type { DataRecord } from '../../../src/record.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { estimateIndexBytes } from '../../../src/search/indexing/estimateIndexBytes.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, root, runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');
const prices = { asOf: '2026-05-31', models: { 'stand-in': { input: '0.15', output: '0.60' } } };
const textOf = (n: number) => `Document ${n}. ${'The ice moves slowly and takes stones along. '.repeat(5 + (n % 40))}`;
const documents = (count: number): DataRecord[] => Array.from(range(count), (n) => ({ id: `d${n}`, text: textOf(n) }));

interface Report {
  records: number;
  unusable: number;
  sampled: number;
  stages: PricedEstimate[];
  total: PricedEstimate;
  bases: string[];
  done: number;
  existing: Record<string, number>;
  seconds?: number;
}

async function reportOf(args: string[], cwd = root): Promise<Report> {
  const done = await runCommand([...args, '--dry-run', '--json'], { cwd });
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.stderr, '');
  return JSON.parse(done.stdout);
}

test('a dry run reports records, calls, tokens and cost in 80 columns, and asks and writes nothing', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn();
  writeFileSync(path.join(folder, 'prices.json'), JSON.stringify(prices));
  writeRecords(folder, 'in.jsonl', [...documents(1500), { text: '' }, { text: 'x', question: 'taken' }]);
  const model = ['--model', 'stand-in-2026-01-01', '--base-url', server.baseUrl];
  const args = ['run', 'in.jsonl', '-o', 'out.jsonl', ...model, '--prices', 'prices.json', '--dry-run'];
  const done = await runCommand(args, { cwd: folder });
  await server.close();
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.stdout, '');
  assert.equal(server.ledger.calls.length, 0);
  assert.deepEqual(readdirSync(folder).sort(), ['in.jsonl', 'prices.json']);
  const lines = done.stderr.split('\n');
  assert.ok(
    lines.every((line) => line.length <= 80),
    done.stderr,
  );
  assert.match(lines[1] ?? '', /1,500 records counted, and 2 that would be rejected$/);
  assert.match(
    done.stderr,
    /\n {2}doc2query +1,545 +1\.\d+M +309K +\$0\.\d+\n {2}reason_distill +1,500 +[\d.]+M +1\.35M/,
  );
  assert.match(done.stderr, /\n {2}total +3,045 .*\n {2}at least about +3,045 .*\n {2}at most about +3,045 /);
  assert.match(done.stderr, /tokens: from a random sample of 1,000 records\n/);
  assert.match(done.stderr, /prices: stand-in-2026-01-01 as of 2026-05-31/);
});

test('the figures of a dry run from an earlier run equal those of the whole run', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn();
  t.after(() => server.close());
  writeRecords(folder, 'in.jsonl', documents(120));
  const model = ['--model', 'stand-in', '--base-url', server.baseUrl];
  const done = await runCommand(['run', 'in.jsonl', '-o', 'out.jsonl', '--no-containment', ...model], { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  await server.close();
  const pilot = readRecordsOf(path.join(folder, 'out.jsonl')).filter((_, n) => n % 3 === 0);
  writeRecords(folder, 'pilot.jsonl', pilot);
  const { stages } = await reportOf(['run', 'in.jsonl', '--assume-from', 'pilot.jsonl'], folder);
  const { calls } = server.ledger;
  assert.deepEqual(
    stages.map(({ stage, calls: count, measuredOn }) => [stage, count, measuredOn]),
    [
      ['doc2query', 120, 40],
      ['reason_distill', 120, 40],
    ],
  );
  const total = (key: 'promptTokens' | 'completionTokens') => ({
    planned: stages.reduce((sum, stage) => sum + stage[key].likely, 0),
    taken: calls.reduce((sum, call) => sum + call[key], 0),
  });
  for (const { planned, taken } of [total('promptTokens'), total('completionTokens')]) {
    assert.ok(Math.abs(planned / taken - 1) < 0.1, `${planned} planned, ${taken} taken`);
  }
});

test('doc2query and reason-distill estimate from their input, compressed or piped too', async (t) => {
  const folder = workFolder(t);
  const texts = documents(3);
  writeFileSync(path.join(folder, 'in.jsonl.gz'), gzipSync(texts.map((one) => JSON.stringify(one)).join('\n')));
  const questions = await reportOf(['doc2query', 'in.jsonl.gz', '--assume-completion-tokens', '500'], folder);
  assert.equal(questions.records, 3);
  assert.deepEqual(questions.total.completionTokens, { likely: 1545, least: 773, most: 3090 });
  const mined = texts.map((one) => ({
    ...one,
    question: 'why?',
    scenario: 'a case',
    hard_negatives: ['x'.repeat(4000)],
  }));
  const noList = { ...mined[0], hard_negatives: 'x' };
  const input = [...mined, noList].map((one) => JSON.stringify(one)).join('\n');
  const piped = await runCommand(['reason-distill', '--dry-run', '--json', '--max-tokens', '700'], { input });
  const { total, unusable } = JSON.parse(piped.stdout) as Report;
  assert.equal(unusable, 1);
  assert.equal(total.calls, 3);
  assert.ok(total.promptTokens.likely > 3 * 1250 && total.promptTokens.likely < 3 * 2000);
  assert.deepEqual(total.completionTokens, { likely: 2100, least: 1050, most: 2100 }, 'no answer is over its cap');
});

test('a dry run without a price says unpriced, never $0', async (t) => {
  const folder = workFolder(t);
  writeFileSync(path.join(folder, 'prices.json'), JSON.stringify(prices));
  const args = ['doc2query', corpus, '--dry-run', '--model', 'another', '--prices', 'prices.json'];
  const { code, stderr } = await runCommand(args, { cwd: folder });
  assert.equal(code, 0);
  assert.match(stderr, /unpriced/);
  assert.doesNotMatch(stderr, /\$/);
});

const wrong: [string[], RegExp][] = [
  [['doc2query', corpus, '--json'], /need --dry-run/],
  [['run', corpus, '--dry-run', '--assume-completion-tokens', '1,2,3'], /3 numbers for the stages doc2query, reason/],
];
for (const [args, message] of wrong) {
  test(`rareflow ${args.slice(-3).join(' ')} is refused`, async () => {
    const { code, stderr } = await runCommand(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  });
}

test('a dry run over records that no stage would take says so', async () => {
  const { code, stderr } = await runCommand(['doc2query', '--dry-run'], { input: '{"body": "x"}\n' });
  assert.equal(code, 1);
  assert.match(stderr, /no record of the input can be used/);
});

test('every record has the same chance of being in a sample, and comes to every place in it', async (t) => {
  const file = writeRecords(workFolder(t), 'in.jsonl', documents(40));
  const seen = new Map<string, number>();
  const first = new Map<string, number>();
  for (const seed of range(400)) {
    const { records, usable } = await sampleRecords([file], { isUsable: () => true, size: 10, seed });
    assert.equal(usable, 40);
    assert.equal(new Set(records).size, 10);
    for (const { id } of records) seen.set(String(id), (seen.get(String(id)) ?? 0) + 1);
    first.set(String(records[0]?.id), (first.get(String(records[0]?.id)) ?? 0) + 1);
  }
  assert.equal(seen.size, 40);
  // 400 samples of 10 out of 40: each record is expected 100 times, with a standard deviation of 8.7; 5 of them are 43.
  for (const [id, times] of seen) assert.ok(times > 57 && times < 143, `${id}: ${times} times`);
  assert.ok(first.size > 30, 'the first place is not that of one record');
});

test('a dry run after a pilot shows the time, leaves out what is done, and is based on the pilot', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn({ medianMs: 20 });
  t.after(() => server.close());
  writeRecords(folder, 'in.jsonl', documents(80));
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const before = await reportOf(line, folder);
  assert.equal(before.seconds, undefined);
  const shown = await runCommand([...line, '--dry-run'], { cwd: folder });
  assert.match(shown.stderr, /\n {2}time: unknown until a pilot/);
  const pilot = await runCommand([...line, '--sample', '16', '--concurrency', '4'], { cwd: folder });
  assert.equal(pilot.code, 0, pilot.stderr);
  const after = await reportOf([...line, '--concurrency', '4'], folder);
  assert.deepEqual([after.records, after.done, after.total.calls, after.total.measuredOn], [80, 16, 64, 16]);
  const summary = JSON.parse(readFileSync(path.join(folder, 'out.jsonl.rareflow/summary.json'), 'utf8'));
  const { attempts, attemptSeconds } = summary.usage.byStage.doc2query;
  assert.ok(Math.abs((after.seconds ?? 0) - (16 * attemptSeconds) / attempts) < 1e-9, `${after.seconds} s`);
  const limited = await reportOf([...line, '--requests-per-minute', '32'], folder);
  assert.equal(limited.seconds, 120);
  const wide = await runCommand([...line, '--dry-run'], { cwd: folder });
  assert.match(wide.stderr, /80 records counted; 16 are done and cost nothing/);
});

test('with --keep-existing a dry run counts the records that have a result of each stage', async (t) => {
  const folder = workFolder(t);
  const records = documents(40).map((record, n) => ({
    ...record,
    ...(n % 4 === 0 ? { question: 'why?', scenario: 'a case' } : {}),
    ...(n % 8 === 0 ? { hard_negatives: ['x'], reasoning: 'because' } : {}),
  }));
  writeRecords(folder, 'in.jsonl', records);
  const plan = await reportOf(['run', 'in.jsonl', '--keep-existing', '--queries-per-doc', '2'], folder);
  assert.deepEqual(plan.existing, { doc2query: 10, reason_distill: 5 });
  // 30 records get two questions each; 5 more have a question and no reasoning. 3 % of the questions are asked again.
  assert.deepEqual(
    plan.stages.map(({ calls }) => calls),
    [31, 65],
  );
});

test('the size of an index is estimated from a sample of its texts, to within a quarter', async (t) => {
  const folder = workFolder(t);
  for (const analyzer of ['english', 'multilingual']) {
    for (const store of [true, false]) {
      const target = path.join(folder, `${analyzer}-${store}.bm25`);
      await buildIndex(readRecords(corpus, { places: !store }), target, { analyzer, store });
      const real = readdirSync(target).reduce((sum, name) => sum + statSync(path.join(target, name)).size, 0);
      const { records, usable } = await sampleRecords(corpus, { size: 48 });
      const texts = records.map(({ text }) => String(text));
      const estimate = estimateIndexBytes({ texts, documents: usable, analyzer, store });
      assert.ok(Math.abs(estimate / real - 1) < 0.25, `${analyzer}, ${store}: ${estimate} for ${real}`);
    }
  }
});
