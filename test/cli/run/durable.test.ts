import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, runCommand, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const documents = (count: number) =>
  Array.from(range(count), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));

test('of two processes on one output, one works and the other names its process and exits with 1', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', documents(40));
  const server = await startStandIn({ medianMs: 200 });
  t.after(() => server.close());
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  let first: ChildProcess | undefined;
  const working = runCommand([...line, '--concurrency', '1', '--no-cache'], {
    cwd: folder,
    onStart: (child) => {
      first = child;
    },
  });
  while (server.ledger.calls.length === 0) await new Promise((done) => setTimeout(done, 20));
  const second = await runCommand(line, { cwd: folder });
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`process ${first?.pid} is writing this run`));
  first?.kill('SIGKILL');
  await working;
  const third = await runCommand(line, { cwd: folder });
  assert.equal(third.code, 0, third.stderr);
  assert.equal(readRecordsOf(path.join(folder, 'out.jsonl')).length, 40);
});

test('a disk that is full stops a run with exit code 4 and the reason, and it resumes when there is room', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', documents(3000));
  const line = 'rareflow doc2query in.jsonl -o out.jsonl --model offline';
  // A limit of 400 blocks of 1 KiB on the length of a file; Node gets an error instead of a signal.
  const full = await runShell(`trap '' XFSZ; ulimit -f 400; ${line}`, { cwd: folder });
  assert.equal(full.code, 4, full.stderr);
  assert.match(full.stderr, /out\.jsonl\.partial: the file may not grow any more; raise the limit/);
  assert.match(full.stderr, /to resume: rareflow doc2query in\.jsonl -o out\.jsonl/);
  assert.ok(statSync(path.join(folder, 'out.jsonl.partial')).size > 0);
  const rest = await runShell(line, { cwd: folder });
  assert.equal(rest.code, 0, rest.stderr);
  assert.match(rest.stderr, /resuming the run started/);
  const ids = readRecordsOf(path.join(folder, 'out.jsonl')).map(({ id }) => id);
  assert.deepEqual(
    ids,
    documents(3000).map(({ id }) => id),
  );
});

test('--retry-rejects sends rejects through from the stage that refused them and merges the results into the output in order', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', documents(40));
  let refuses = true;
  let calls = 0;
  const server = await startStandIn({
    script: ({ key }) => {
      calls += 1;
      return refuses && key.charCodeAt(0) % 3 === 0 ? 'refusal' : undefined;
    },
  });
  t.after(() => server.close());
  const line = [
    'run',
    'in.jsonl',
    '-o',
    'out.jsonl',
    '--model',
    'm',
    '--base-url',
    server.baseUrl,
    '--sampling',
    'top',
  ];
  const done = await runCommand(line, { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  const rejects = readRecordsOf(path.join(folder, 'out.rejects.jsonl'));
  const byStage = (name: string) => rejects.filter(({ stage }) => stage === name).length;
  assert.ok(
    byStage('doc2query') > 0 && byStage('reason_distill') > 0,
    JSON.stringify(rejects.map(({ stage }) => stage)),
  );
  refuses = false;
  calls = 0;
  const retried = await runCommand([...line, '--retry-rejects'], { cwd: folder });
  assert.equal(retried.code, 0, retried.stderr);
  assert.match(retried.stderr, /40 in = 40 out \(out\.jsonl\) \+ 0 rejects/);
  assert.equal(calls, 2 * byStage('doc2query') + byStage('reason_distill'), 'nothing is asked for again');
  const ids = readRecordsOf(path.join(folder, 'out.jsonl')).map(({ id }) => id);
  assert.deepEqual(
    ids,
    documents(40).map(({ id }) => id),
  );
  assert.equal(existsSync(path.join(folder, 'out.rejects.jsonl')), false);
  const { out, rejected, state, stages } = JSON.parse(
    readFileSync(path.join(folder, 'out.jsonl.rareflow/summary.json'), 'utf8'),
  );
  assert.deepEqual([out, rejected, state], [40, 0, 'done']);
  for (const { name, workSeconds } of stages) assert.ok(workSeconds > 0, name);
});
