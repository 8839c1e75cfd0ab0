import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { startStandIn } from '../../src/standIn/http/server.js';
import { readRecordsOf, runCommand } from '../support/command.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const ids = Array.from(range(12), (n) => `d${n}`);

/** A folder with an input, and a command whose server refuses the keys that `refuses` accepts. */
async function setUp(t: TestContext) {
  const folder = workFolder(t);
  writeRecords(
    folder,
    'in.jsonl',
    ids.map((id) => ({ id, text: `The tide of ${id} turns.` })),
  );
  const server = { refuses: (_key: string) => true };
  const standIn = await startStandIn({ script: ({ key }) => (server.refuses(key) ? 'refusal' : undefined) });
  t.after(() => standIn.close());
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', standIn.baseUrl];
  const run = (...more: string[]) => runCommand([...line, ...more], { cwd: folder });
  const file = (name: string) => path.join(folder, name);
  const third = (key: string) => key.charCodeAt(0) % 3 === 0;
  return { run, server, file, third };
}

test('the rejects of a run can be retried if every record was rejected', async (t) => {
  const { run, server, file } = await setUp(t);
  const failed = await run();
  assert.equal(failed.code, 1, failed.stderr);
  assert.match(failed.stderr, /all 12 records were rejected/);
  assert.doesNotMatch(failed.stderr, /to resume/);
  const again = await run('--retry-rejects');
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /retried 12 rejects: 0 new records/);
  assert.match(again.stderr, /12 in = 0 out .*\+ 12 rejects/);
  assert.equal(existsSync(file('out.jsonl')), false);
  server.refuses = () => false;
  const mended = await run('--retry-rejects');
  assert.equal(mended.code, 0, mended.stderr);
  assert.match(mended.stderr, /12 in = 12 out \(out\.jsonl\) \+ 0 rejects/);
  assert.deepEqual(
    readRecordsOf(file('out.jsonl')).map(({ id }) => id),
    ids,
  );
  assert.equal(existsSync(file('out.rejects.jsonl')), false);
});

test('a run whose records were all rejected starts again without --retry-rejects', async (t) => {
  const { run, server, file } = await setUp(t);
  assert.equal((await run()).code, 1);
  server.refuses = () => false;
  const done = await run();
  assert.equal(done.code, 0, done.stderr);
  assert.equal(readRecordsOf(file('out.jsonl')).length, 12);
  assert.equal(existsSync(file('out.rejects.jsonl')), false);
});

test('a rejects file that is not of the run is not retried', async (t) => {
  const { run, server, file, third } = await setUp(t);
  server.refuses = third;
  const done = await run();
  assert.equal(done.code, 0, done.stderr);
  server.refuses = () => false;
  const rejects = readFileSync(file('out.rejects.jsonl'), 'utf8');
  const output = readFileSync(file('out.jsonl'), 'utf8');
  for (const foreign of [`${rejects}${rejects}`, rejects.replace('tide', 'time'), '{"id":"other"}\n', '']) {
    writeFileSync(file('out.rejects.jsonl'), foreign);
    const refused = await run('--retry-rejects');
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /out\.rejects\.jsonl is not the rejects file of this run/);
    assert.equal(readFileSync(file('out.jsonl'), 'utf8'), output);
  }
  writeFileSync(file('out.rejects.jsonl'), rejects);
  appendFileSync(file('out.jsonl'), '{"id":"mine"}\n');
  const changed = await run('--retry-rejects');
  assert.match(changed.stderr, /out\.jsonl is not the output of this run: it has \d+ bytes, and the run wrote \d+/);
  writeFileSync(file('out.jsonl'), output);
  const retried = await run('--retry-rejects');
  assert.match(retried.stderr, /12 in = 12 out \(out\.jsonl\) \+ 0 rejects/);
});

test('a file that is not the rejects of the run is neither removed nor appended to', async (t) => {
  const { run, server, file, third } = await setUp(t);
  server.refuses = third;
  writeFileSync(file('paid.jsonl'), '{"id":"paid"}\n');
  const other = '{"stage":"doc2query","reason":"of another run"}\n';
  writeFileSync(file('other.rejects.jsonl'), other);
  for (const more of [[], ['-o', '-'], ['--resume', 'never']]) {
    const refused = await run('--rejects', 'paid.jsonl', ...more);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /paid\.jsonl: exists/);
    assert.equal(readFileSync(file('paid.jsonl'), 'utf8'), '{"id":"paid"}\n');
  }
  const refused = await run('--rejects', 'other.rejects.jsonl');
  assert.match(refused.stderr, /other\.rejects\.jsonl: exists, and this run has not written it/);
  assert.equal(readFileSync(file('other.rejects.jsonl'), 'utf8'), other);
});

test('a finished output is not replaced by a run with other settings, and the same command has nothing to do', async (t) => {
  const { run, server, file, third } = await setUp(t);
  server.refuses = third;
  assert.equal((await run()).code, 0);
  const output = readFileSync(file('out.jsonl'), 'utf8');
  const other = await run('--max-attempts', '2');
  assert.equal(other.code, 2);
  assert.match(other.stderr, /out\.jsonl is the output of a finished run with other settings: maxAttempts 3 → 2/);
  assert.match(other.stderr, /--resume never keeps the old files as \.old/);
  const same = await run();
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stderr, /nothing to do: out\.jsonl was finished by the run started/);
  assert.equal(readFileSync(file('out.jsonl'), 'utf8'), output);
  const anew = await run('--max-attempts', '2', '--resume', 'never');
  assert.equal(anew.code, 0, anew.stderr);
  assert.equal(readFileSync(file('out.jsonl.old'), 'utf8'), output);
  assert.ok(existsSync(file('out.rejects.jsonl.old')));
});

test('an output whose run is not known is not replaced', async (t) => {
  const { run, server, file } = await setUp(t);
  server.refuses = () => false;
  writeFileSync(file('out.jsonl'), '{"id":"mine"}\n');
  const refused = await run();
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /out\.jsonl exists, and its run is not known/);
  assert.equal(readFileSync(file('out.jsonl'), 'utf8'), '{"id":"mine"}\n');
});
