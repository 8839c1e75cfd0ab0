import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('a key that is refused midway stops the run with exit code 4 and a fix; the same command resumes and pays nothing twice', async (t) => {
  const folder = workFolder(t);
  const documents = Array.from(range(40), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));
  const input = writeRecords(folder, 'in.jsonl', documents);
  const server = await startStandIn({ script: ({ index }) => (index === 10 ? 'auth401' : undefined), medianMs: 20 });
  t.after(() => server.close());
  const flags = ['--model', 'm', '--base-url', server.baseUrl, '--api-key-env', 'MY_KEY', '--concurrency', '4'];
  const line = ['doc2query', input, '-o', 'out.jsonl', ...flags];
  const done = await runCommand(line, { cwd: folder, env: { MY_KEY: 'sk-secret-of-mine' } });
  assert.equal(done.code, 4, done.stderr);
  assert.match(done.stderr, /401 from 127\.0\.0\.1:\d+: the key in MY_KEY was refused; check that it is correct/);
  assert.ok(!done.stderr.includes('sk-secret-of-mine'));
  const answered = server.ledger.calls.filter(({ status }) => status === 200).length;
  assert.ok(answered >= 10 && server.ledger.calls.length <= 14, `${answered} of ${server.ledger.calls.length}`);
  assert.ok(readRecordsOf(path.join(folder, 'out.jsonl.partial')).length > 0);
  const resumed = await runCommand(line, { cwd: folder, env: { MY_KEY: 'sk-secret-of-mine' } });
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stderr, /resuming the run started/);
  const ids = readRecordsOf(path.join(folder, 'out.jsonl')).map(({ id }) => id);
  assert.deepEqual(
    ids,
    documents.map(({ id }) => id),
  );
  assert.equal(server.ledger.calls.length, 41, 'what was answered before the key was refused is not asked again');
});

test('--structured-output and --stream reach the server', async (t) => {
  const folder = workFolder(t);
  const input = writeRecords(folder, 'in.jsonl', [{ id: 'a', text: 'The tide turns with the moon.' }]);
  const server = await startStandIn();
  t.after(() => server.close());
  const line = ['doc2query', input, '--model', 'm', '--base-url', server.baseUrl];
  const runs = [[], ['--structured-output', 'json_object', '--stream'], ['--structured-output', 'none']];
  const done = await Promise.all(runs.map((flags) => runCommand([...line, ...flags])));
  for (const { code, stderr } of done) assert.equal(code, 0, stderr);
  const asked = server.ledger.calls.map(({ parameters: { response_format: format, stream } }) => {
    return `${(format as { type: string } | undefined)?.type} ${stream}`;
  });
  assert.deepEqual(asked.sort(), ['json_object true', 'json_schema undefined', 'undefined undefined']);
  assert.deepEqual(
    done.map(({ records }) => records[0]?.question),
    Array(3).fill(done[0]?.records[0]?.question),
  );
});
