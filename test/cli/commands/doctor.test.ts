import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('doctor reports the checks that pass and the faults to fix', async (t) => {
  const server = await startStandIn({ apiKey: 'sk-the-right-one' });
  t.after(() => server.close());
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [{ id: 1, text: 'The tide turns.' }]);
  await runCommand(['index', 'in.jsonl', '-o', 'in.bm25'], { cwd });
  const doctor = (key: string, ...args: string[]) => {
    const common = ['doctor', '--model', 'stand-in', '--base-url', server.baseUrl, '--api-key-env', 'KEY'];
    return runCommand([...common, ...args], { cwd, env: { KEY: key, CI: 'true' } });
  };
  const well = await doctor('sk-the-right-one', '--index', 'in.bm25');
  assert.equal(well.code, 0, well.stderr);
  for (const name of ['node', 'disk', 'index', 'model']) assert.match(well.stderr, new RegExp(`ok +${name} `));
  const refused = await doctor('sk-a-wrong-one');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /FAIL +model .*401 .*key/);
  assert.doesNotMatch(refused.stderr, /sk-a-wrong-one/);
  assert.match(refused.stderr, /- +index +not checked: name it with --index\n/);
  assert.equal(server.ledger.calls.length, 2);
  assert.deepEqual(readdirSync(cwd).sort(), ['in.bm25', 'in.jsonl']);
});

test('doctor finds an endpoint that is not there, a broken index and a folder that is missing', async (t) => {
  const cwd = workFolder(t);
  writeRecords(
    cwd,
    'in.jsonl',
    Array.from({ length: 50 }, (_, i) => ({ id: i, text: `The tide ${i} turns.` })),
  );
  await runCommand(['index', 'in.jsonl', '-o', 'in.bm25'], { cwd });
  for (const name of readdirSync(path.join(cwd, 'in.bm25'))) {
    const file = path.join(cwd, 'in.bm25', name);
    if (name.endsWith('.json')) continue;
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(file, bytes);
  }
  const args = [
    'doctor',
    '--model',
    'x',
    '--base-url',
    'http://127.0.0.1:9/v1',
    '--index',
    'in.bm25',
    '-o',
    'no/where/out.jsonl',
  ];
  const done = await runCommand(args, { cwd });
  assert.equal(done.code, 1);
  for (const words of [/FAIL +disk .*no\/where/, /FAIL +index .*damaged/, /FAIL +model .*127\.0\.0\.1:9/]) {
    assert.match(done.stderr, words);
  }
  assert.match(done.stderr, /3 of \d checks failed/);
});

test('doctor asks each of several servers, with its own key, and waits for none for long', async (t) => {
  const right = await startStandIn({ apiKey: 'sk-right' });
  const stalled = await startStandIn({ faults: { stall: 1 } });
  t.after(() => Promise.all([right.close(), stalled.close()]));
  const servers = [right, stalled].flatMap(({ baseUrl }) => ['--base-url', baseUrl]);
  const keys = ['--api-key-env', 'RIGHT', '--api-key-env', 'OTHER'];
  const env = { RIGHT: 'sk-right', OTHER: 'sk-other' };
  const args = ['doctor', '--model', 'm', ...servers, ...keys, '--attempt-timeout-ms', '300'];
  const { code, stderr } = await runCommand(args, { cwd: workFolder(t), env });
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`ok +model +m at ${right.baseUrl} answered`));
  assert.match(stderr, new RegExp(`FAIL +model +.*${new URL(stalled.baseUrl).host}: no complete answer within 0.3 s`));
  assert.match(stderr, /rareflow: 1 of \d checks failed\n$/);
});

test('doctor reports a model and an index that are not given as not checked', async (t) => {
  const { code, stderr } = await runCommand(['doctor'], { cwd: workFolder(t) });
  assert.equal(code, 0, stderr);
  for (const name of ['index', 'model']) assert.match(stderr, new RegExp(`- +${name} +not checked`));
  assert.match(stderr, /2 checks passed, 2 skipped/);
});

test('doctor --sample shows how the answers of both stages are read, and leaves them in the cache of the run', async (t) => {
  const server = await startStandIn({ profile: 'vllm' });
  t.after(() => server.close());
  const cwd = workFolder(t);
  writeRecords(
    cwd,
    'in.jsonl',
    Array.from({ length: 30 }, (_, i) => ({ id: i, body: `The tide ${i} turns twice a day, as the moon passes.` })),
  );
  const asking = ['--model', 'm', '--base-url', server.baseUrl, '--text-key', 'body', '-o', 'out.jsonl'];
  const done = await runCommand(['doctor', 'in.jsonl', '--sample', '6', ...asking], { cwd });
  assert.equal(done.code, 0, done.stderr);
  for (const words of [
    /ok +sample 6 documents of in\.jsonl/,
    /ok +ask +doc2query: 6 of 6 answered well in .*s: 6 requests, \d+ \+ \d+ tokens a record/,
    /JSON: as sent 6/,
    /for example: .*\?/,
    /ok +teach +reason_distill: 6 of 6 answered well/,
    /finish reason: stop 6/,
  ]) {
    assert.match(done.stderr, words);
  }
  const calls = server.ledger.calls.length;
  const run = await runCommand(['doc2query', 'in.jsonl', ...asking], { cwd });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(server.ledger.calls.length - calls, 24);
});

test('doctor --sample fails if most answers cannot be used, says why, and prints it as JSON', async (t) => {
  const server = await startStandIn({ script: ({ index }) => (index % 4 === 0 ? undefined : 'refusal') });
  t.after(() => server.close());
  const asking = ['doctor', '--model', 'm', '--base-url', server.baseUrl, '--sample', '3'];
  const { code, stderr } = await runCommand(asking);
  assert.equal(code, 1);
  assert.match(stderr, /FAIL +ask +doc2query: 0 of 3 answered well in .*s: 3 requests\n/);
  assert.match(stderr, /rejected 3: /);
  const { stdout } = await runCommand([...asking, '--json']);
  const { checks, answers } = JSON.parse(stdout);
  assert.deepEqual(
    checks.map(({ check, outcome }: { check: string; outcome: string }) => `${check} ${outcome}`).slice(-3),
    ['sample ok', 'ask failed', 'teach skipped'],
  );
  assert.equal(answers[0].rejected[0].count, 3);
});

test('doctor --sample without a usable document says which key it looked for', async (t) => {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [{ id: 1, body: 'The tide turns.' }]);
  const { code, stderr } = await runCommand(['doctor', 'in.jsonl', '--sample', '3', '--model', 'offline'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /FAIL +sample .*no record has a text under the key "text"/);
  assert.match(stderr, /--text-key/);
});
