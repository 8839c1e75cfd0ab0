import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { cacheFolder } from '../../../src/cli/options/cacheFolder.js';
import { UsageError } from '../../../src/errors.js';
import { readJsonl } from '../../../src/io/read/readJsonl.js';
import { AnswerStore } from '../../../src/llm/cacheStore/answerStore.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { type StandInOptions, startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, root, runCommand, runShell } from '../../support/command.js';
import { provenanceOf } from '../../support/provenance.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const documents = readRecordsOf(path.join(root, 'examples/corpus.jsonl'));

async function setUp(t: TestContext, count: number, options: StandInOptions = {}) {
  const folder = workFolder(t);
  const server = await startStandIn({ seed: 5, ...options });
  t.after(() => server.close());
  const corpus = writeRecords(folder, 'corpus.jsonl', documents.slice(0, count));
  let seen = 0;
  /** Calls made since it was last asked. */
  const newCalls = () => {
    const before = seen;
    seen = server.ledger.calls.length;
    return seen - before;
  };
  return { folder, corpus, newCalls, ledger: server.ledger, model: ['--model', 'm', '--base-url', server.baseUrl] };
}

test('three piped processes share a cache: no call twice, and after a change only its own', async (t) => {
  const { folder, corpus, model, newCalls } = await setUp(t, 12);
  const asks = model.join(' ');
  const index = 'c.bm25 --sampling top';
  await buildIndex(readJsonl(corpus), path.join(folder, 'c.bm25'));
  const pipe = (more = '') =>
    runShell(
      `rareflow doc2query < ${corpus} ${asks} | rareflow bm25-hard-neg --index ${index} | rareflow reason-distill ${asks} ${more}`,
      { cwd: folder, env: { RAREFLOW_CACHE: path.join(folder, 'shared') } },
    );
  const first = await pipe();
  assert.equal(first.records.length, 12, first.stderr);
  assert.equal(newCalls(), 24);
  writeFileSync(path.join(folder, 'prompt.txt'), 'Reason over {{documents}} to answer {{question}}.');
  const changed = await pipe('--prompt-file prompt.txt');
  assert.equal(changed.records.length, 12, changed.stderr);
  assert.equal(newCalls(), 12);
  assert.match(changed.stderr, /doc2query: 0 requests, 0 \+ 0 tokens; 12 from the cache/);
  for (const [place, record] of changed.records.entries()) {
    const before = first.records[place];
    assert.equal(record.question, before?.question);
    assert.deepEqual(provenanceOf(record, 'doc2query'), { ...provenanceOf(before, 'doc2query'), cached: true });
    assert.equal(provenanceOf(record, 'reason_distill').cached, false);
  }
});

test('a run with an output keeps its answers beside it: a second one makes no call', async (t) => {
  const { folder, corpus, model, newCalls } = await setUp(t, 12);
  const args = ['run', corpus, ...model, '-o', path.join(folder, 'out.jsonl'), '--sampling', 'top'];
  const ran = await runCommand(args);
  assert.deepEqual([ran.code, newCalls()], [0, 24], ran.stderr);
  const again = await runCommand(args);
  assert.deepEqual([again.code, newCalls()], [0, 0], again.stderr);
  assert.equal(readRecordsOf(path.join(folder, 'out.jsonl')).length, 12);
});

test('the cache is in the folder of --cache, else RAREFLOW_CACHE, else beside the output; offline only if requested', () => {
  const env = { RAREFLOW_CACHE: '/shared' };
  assert.equal(cacheFolder({ cache: 'mine', output: 'o.jsonl', model: 'offline' }, env), 'mine');
  assert.equal(cacheFolder({ output: 'o.jsonl', model: 'm' }, env), '/shared');
  assert.equal(cacheFolder({ output: 'o.jsonl', model: 'm' }, {}), 'o.jsonl.rareflow/cache');
  for (const output of ['-', '/dev/null']) assert.equal(cacheFolder({ output, model: 'm' }, {}), undefined);
  assert.equal(cacheFolder({ model: 'm' }, {}), undefined);
  assert.equal(cacheFolder({ output: 'o.jsonl', model: 'offline' }, env), undefined);
  assert.equal(cacheFolder({ cache: false, output: 'o.jsonl', model: 'm' }, env), undefined);
  assert.throws(() => cacheFolder({ cache: '' }, {}), UsageError);
});

test('after kill -9 no answer that was kept is asked for again', async (t) => {
  let killing = true;
  const { folder, corpus, model, newCalls } = await setUp(t, 60, {
    script: ({ index }) => (killing && index >= 40 ? 'stall' : undefined),
  });
  const cache = path.join(folder, 'cache');
  const args = ['doc2query', corpus, ...model, '--concurrency', '4', '--cache', cache];
  const answers = new AnswerStore({ path: cache });
  t.after(() => answers.close());
  const killed = await runCommand(args, {
    onStart: async (child) => {
      while (answers.count < 20) await new Promise((done) => setTimeout(done, 2));
      child.kill('SIGKILL');
    },
  });
  assert.equal(killed.code, null);
  killing = false;
  newCalls();
  const kept = answers.count;
  assert.ok(kept >= 20 && kept < 60, `${kept} kept`);
  const done = await runCommand(args);
  assert.equal(done.records.length, 60, done.stderr);
  assert.deepEqual([newCalls(), answers.count], [60 - kept, 60]);
});

test('cache stats, export and clear show, print and remove the answers, all or some', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  const answers = new AnswerStore({ path: folder });
  const usage = { promptTokens: 100, completionTokens: 7 };
  for (const [place, model] of ['a', 'b', 'b'].entries()) {
    const completion = { text: `answer ${place}`, model: 'served', finishReason: 'stop', usage, attempts: 1 };
    answers.put(`key ${place}`, { stage: 'doc2query', model }, completion);
  }
  await answers.close();
  const command = (...args: string[]) => runCommand(['cache', ...args]);

  const shown = await command('stats', folder);
  const { bytes, oldest, newest, ...stats } = JSON.parse(shown.stdout);
  const sum = (entries: number) => ({ entries, promptTokens: 100 * entries, completionTokens: 7 * entries });
  const byModel = { a: sum(1), b: sum(2) };
  assert.deepEqual(stats, { ...sum(3), damaged: 0, byModel, byStage: { doc2query: sum(3) } });
  assert.ok(bytes > 4096 && oldest <= newest && Date.now() - Date.parse(newest) < 60_000);

  const exported = await command('export', folder, '--only-model', 'a');
  const [{ at, ...record }] = exported.records as [Record<string, unknown>];
  const what = { key: 'key 0', stage: 'doc2query', model: 'a', served: 'served', text: 'answer 0' };
  assert.deepEqual(record, { ...what, finishReason: 'stop', usage, attempts: 1 });
  assert.equal(exported.records.length, 1);

  assert.match((await command('clear', folder, '--older-than', '1h')).stderr, /removed 0 answers, 3 left/);
  const named = await runCommand(['cache', 'clear', '--only-model', 'b'], { env: { RAREFLOW_CACHE: folder } });
  assert.match(named.stderr, /removed 2 answers, 1 left/);
});
