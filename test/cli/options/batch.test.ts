import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('run --batch asks both model stages by batches, and says how far they are', async (t) => {
  const server = await startStandIn({ batchUnanswered: 0.1 });
  t.after(() => server.close());
  const cwd = workFolder(t);
  const texts = Array.from({ length: 40 }, (_, i) => ({
    id: `d${i}`,
    text: `Glacier ${i} carves valley ${i * 7} in ice.`,
  }));
  writeRecords(cwd, 'in.jsonl', texts);
  const common = [
    '--model',
    'stand-in',
    '--base-url',
    server.baseUrl,
    '--sampling',
    'top',
    '--batch-poll-seconds',
    '1',
    '--doc2query-concurrency',
    '3',
  ];
  const done = await runCommand(['run', 'in.jsonl', '-o', 'out.jsonl', '--batch', '25', ...common], { cwd });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /batch batch_1 started with 25 requests/);
  assert.match(done.stderr, /--doc2query-concurrency does not apply to batches/);
  assert.match(done.stderr, /40 in = 40 out/);
  const records = readRecordsOf(path.join(cwd, 'out.jsonl'));
  assert.deepEqual(
    records.map(({ id }) => id),
    texts.map(({ id }) => id),
  );
  // Prompts that are the same are asked once.
  const { calls, statuses } = server.ledger.sums();
  assert.ok(calls > 60 && calls <= 80, `${calls} calls`);
  assert.deepEqual(statuses, { 200: calls });
});

test('--batch wants an output to keep its journal beside', async (t) => {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [{ id: 1, text: 'Ice.' }]);
  const line = ['doc2query', 'in.jsonl', '--model', 'm', '--base-url', 'http://127.0.0.1:9/v1', '--batch'];
  const done = await runCommand(line, { cwd });
  assert.equal(done.code, 2);
  assert.match(done.stderr, /--batch needs -o FILE/);
});
