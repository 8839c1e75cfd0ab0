// Question: does a run through all checks keep its books, its slots busy and its resume exact, and what does an accepted record cost?
// Fair because: it is the real command with every stage on, against the stand-in, whose judges answer from labels and err in 10 % of
// their verdicts both ways, whose teacher is right with p = 0.5, and whose documents are abstracts of arXiv. Prices are made up, the same
// for every stage. The slots are counted until fewer records than slots are left: the last ones have too few calls for all slots,
// as a sample is asked for after the judge's verdict on the one before. For the kills the command is ended by SIGKILL in the middle of
// the calls of each stage in turn, and then resumed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DataRecord } from '../src/index.js';
import { readRecords } from '../src/index.js';
import type { ChatMessage } from '../src/llm/chatModel.js';
import { criteriaAnswer, judgedRequest } from '../src/llm/offline/judgedMaterial.js';
import { offlineAnswer } from '../src/llm/offline/offlineModel.js';
import { reasoningCriteria } from '../src/record.js';
import { Judgements } from '../src/standIn/answers/judgements.js';
import { startStandIn } from '../src/standIn/http/server.js';
import { seededRandom } from '../src/util/random.js';
import { runOrKill } from '../test/support/crash.js';

const [corpus, records = '2000', killedRecords = '150'] = process.argv.slice(2);
if (corpus === undefined) {
  console.error('usage: npm run -s bench -- quality CORPUS [RECORDS [RECORDS_OF_KILLED_RUNS]]');
  process.exit(2);
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-quality-'));
const command = path.resolve(import.meta.dirname, '../dist/cli/main.js');
const concurrency = 64;
const report = (row: string, figures: object) => console.log(JSON.stringify({ bench: 'quality', row, ...figures }));
const stageNames = ['doc2query', 'judge_questions', 'judge_negatives', 'reason_distill', 'accept_reasoning'] as const;
type StageName = (typeof stageNames)[number];

/** Answers all stages, and counts their calls. Each sample of a record is another text, and good in every second case. */
function answerer() {
  const judgements = new Judgements([], { errors: 0.1, seed: 1 });
  const samples = new Map<string, number>();
  const calls = Object.fromEntries(stageNames.map((name) => [name, 0])) as Record<StageName, number>;
  const server = {
    calls,
    onCall: (_stage: StageName, _messages: ChatMessage[]) => {},
    answer(messages: ChatMessage[]): string {
      const stage = stageOf(messages);
      calls[stage] += 1;
      server.onCall(stage, messages);
      if (stage === 'accept_reasoning') return accepted(messages);
      if (stage !== 'reason_distill') return judgements.write(messages);
      const text = JSON.stringify(messages);
      samples.set(text, (samples.get(text) ?? 0) + 1);
      return `${offlineAnswer(messages)}\n<answer>Sample ${samples.get(text)}</answer>`;
    },
  };
  return server;
}

function stageOf(messages: ChatMessage[]): StageName {
  const kind = judgedRequest(messages)?.kind;
  if (kind === 'question') return 'judge_questions';
  if (kind === 'documents') return 'judge_negatives';
  if (kind === 'reasoning') return 'accept_reasoning';
  return messages.some(({ content }) => content.includes('"hard_query"')) ? 'doc2query' : 'reason_distill';
}

function accepted(messages: ChatMessage[]): string {
  const { question = '', documents = [] } = judgedRequest(messages) ?? {};
  const { id = '', text = '' } = documents.at(-1) ?? {};
  const verdict = seededRandom('sample', question, text)() < 0.5;
  const criteria = reasoningCriteria.map((name) => [name, { reason: 'the bench says so', verdict }]);
  return criteriaAnswer('reasoning', id, Object.fromEntries(criteria));
}

interface Summary {
  in: number;
  out: number;
  rejected: number;
  seconds: number;
  stages: { name: string; taken: number; extra: number; given: number; rejected: number }[];
  usage: { total: { costUsd: string }; byStage: Record<string, { calls: number; costUsd: string }> };
}

const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const linesOf = (name: string) =>
  read(name)
    .split('\n')
    .filter((line) => line !== '');
const summaryOf = (output: string): Summary => JSON.parse(read(`${output}.rareflow/summary.json`));

function argsOf(baseUrl: string, input: string, output: string, more: string[] = []): string[] {
  return [
    ...[command, 'run', input, '-o', output, '--model', 'm', '--base-url', baseUrl, '--concurrency', `${concurrency}`],
    ...['--filter-documents', '--decontaminate', 'benchmark.jsonl', '--judge-questions', '--judge-negatives'],
    ...[
      '--samples',
      '4',
      '--accept',
      'judge',
      '--sampling',
      'top',
      '--prices',
      'prices.json',
      '--index',
      `${input}.bm25`,
    ],
    ...more,
  ];
}

/** Checks that each stage passes on or rejects all that it takes, and that each record is in the output or the rejects, once. */
function checkBooks(output: string, records: number): Summary {
  const summary = summaryOf(output);
  let [taken, lost] = [records, 0];
  for (const stage of summary.stages) {
    assert.equal(stage.taken, taken, `${stage.name} takes what the stage before it gave`);
    lost += stage.taken + stage.extra - stage.given - stage.rejected;
    taken = stage.given;
  }
  assert.equal(lost, 0);
  const ids = [
    ...linesOf(output).map((line) => JSON.parse(line).id),
    ...linesOf(output.replace('.jsonl', '.rejects.jsonl')).map((line) => JSON.parse(line).record.id),
  ];
  assert.deepEqual([ids.length, new Set(ids).size], [records, records]);
  assert.deepEqual([summary.out, summary.rejected], [linesOf(output).length, records - linesOf(output).length]);
  return summary;
}

async function writeInput(name: string, count: number): Promise<void> {
  const documents: DataRecord[] = [];
  for await (const record of readRecords([corpus as string])) {
    documents.push({ id: `d${documents.length}`, text: record.text });
    if (documents.length === count) break;
  }
  assert.equal(documents.length, count, `${corpus} has ${documents.length} records`);
  writeFileSync(path.join(folder, name), documents.map((one) => `${JSON.stringify(one)}\n`).join(''));
  if (name !== 'corpus.jsonl') return;
  // A benchmark that quotes three of them, and two copies of documents are to be found.
  const quoted = documents.slice(3, 6).map(({ text }) => JSON.stringify({ text: String(text).slice(0, 400) }));
  writeFileSync(path.join(folder, 'benchmark.jsonl'), `${quoted.join('\n')}\n`);
  const models = { m: { input: '0.15', output: '0.60' } };
  writeFileSync(path.join(folder, 'prices.json'), JSON.stringify({ asOf: '2026-11-28', models }));
}

async function wholeRun(): Promise<void> {
  await writeInput('corpus.jsonl', Number(records));
  const stages = answerer();
  const server = await startStandIn({
    answer: stages.answer,
    medianMs: 2000,
    sigma: 0.5,
    keepCalls: Number.POSITIVE_INFINITY,
  });
  /** The time of the last call about each question that was taught. */
  const lastMs = new Map<string, number>();
  stages.onCall = (stage, messages) => {
    if (stage === 'accept_reasoning') lastMs.set(String(judgedRequest(messages)?.question), server.ledger.now());
  };
  try {
    const args = argsOf(server.baseUrl, 'corpus.jsonl', 'out.jsonl', ['--cache', 'cache']);
    const run = await runOrKill(args, folder);
    assert.equal(run.code, 0, run.stderr);
    const { out, seconds, usage, stages: books } = checkBooks('out.jsonl', Number(records));
    const cost = Number(usage.total.costUsd);
    const fewLeftMs = [...lastMs.values()].sort((a, b) => a - b).at(-concurrency);
    assert.ok(fewLeftMs !== undefined, `more than ${concurrency} records are needed`);
    report('whole run', {
      ...{ records: Number(records), out, concurrency, seconds: Math.round(seconds) },
      utilisation: Number(server.ledger.utilisation(concurrency, fewLeftMs).toFixed(3)),
      utilisationToTheEnd: Number(server.ledger.utilisation(concurrency).toFixed(3)),
      ...{ costUsd: cost, costPerAccepted: Number((cost / out).toFixed(6)) },
    });
    for (const { name, taken, given, rejected } of books) report('stage', { name, taken, given, rejected });
    for (const [name, { calls, costUsd }] of Object.entries(usage.byStage)) report('calls', { name, calls, costUsd });
    const before = server.ledger.sums().calls;
    const again = await runOrKill(argsOf(server.baseUrl, 'corpus.jsonl', 'again.jsonl', ['--cache', 'cache']), folder);
    assert.equal(again.code, 0, again.stderr);
    checkBooks('again.jsonl', Number(records));
    report('second run', { calls: server.ledger.sums().calls - before });
  } finally {
    await server.close();
  }
}

/** Kills a run at the thirtieth call of a stage, resumes it, and compares the calls with those of a run that was not killed. */
async function killedRuns(): Promise<void> {
  const count = Number(killedRecords);
  await writeInput('short.jsonl', count);
  let undisturbed = 0;
  for (const stage of [undefined, ...stageNames]) {
    const stages = answerer();
    const server = await startStandIn({ answer: stages.answer, medianMs: 40, sigma: 0.5 });
    try {
      const args = argsOf(server.baseUrl, 'short.jsonl', `${stage ?? 'whole'}.jsonl`);
      if (stage !== undefined) {
        const killed = await runOrKill(args, folder, (kill) => {
          stages.onCall = (asked) => {
            if (asked === stage && stages.calls[stage] === 30) kill();
          };
          return () => {};
        });
        assert.equal(killed.code, undefined, 'it was killed');
      }
      const run = await runOrKill(args, folder);
      assert.equal(run.code, 0, run.stderr);
      const { out } = checkBooks(`${stage ?? 'whole'}.jsonl`, count);
      const calls = Object.values(stages.calls).reduce((a, b) => a + b);
      if (stage === undefined) undisturbed = calls;
      report('killed', { in: stage ?? 'none', records: count, out, calls, more: calls - undisturbed });
    } finally {
      await server.close();
    }
  }
}

execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
try {
  await wholeRun();
  await killedRuns();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
