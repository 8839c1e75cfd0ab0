import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readRecordsOf, root, runCommand, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');

test('an input is never overwritten, by whatever path it is named', async (t) => {
  const folder = workFolder(t);
  const input = writeRecords(folder, 'in.jsonl', [{ id: 'a', text: 'The tide turns.' }]);
  symlinkSync('in.jsonl', path.join(folder, 'link.jsonl'));
  const before = readFileSync(input, 'utf8');
  for (const line of [
    ['doc2query', 'in.jsonl', '--model', 'offline', '-o', './in.jsonl'],
    ['doc2query', 'in.jsonl', '--model', 'offline', '-o', 'link.jsonl'],
    ['doc2query', 'link.jsonl', '--model', 'offline', '--rejects', 'in.jsonl'],
    ['doc2query', 'in.jsonl', '--model', 'offline', '-o', 'o.jsonl', '--rejects', 'o.jsonl'],
    ['index', 'in.jsonl', '-o', 'c.bm25', '--rejects', `../${path.basename(folder)}/in.jsonl`],
    ['run', 'other.jsonl', '--corpus', 'in.jsonl', '--model', 'offline', '-o', 'in.jsonl'],
  ]) {
    const done = await runCommand(line, { cwd: folder });
    assert.equal(done.code, 2, done.stderr);
    assert.match(done.stderr, /is also/);
    assert.equal(readFileSync(input, 'utf8'), before);
  }
});

test('the rejects of a stopped run are kept as long as its output is', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', [{ id: 'a', text: 'The tide turns.' }]);
  writeRecords(folder, 'out.jsonl.partial', [{ id: 'paid' }]);
  writeRecords(folder, 'out.rejects.jsonl', [{ stage: 'doc2query' }]);
  for (const command of ['doc2query', 'run']) {
    const done = await runCommand([command, 'in.jsonl', '--model', 'offline', '-o', 'out.jsonl'], { cwd: folder });
    assert.equal(done.code, 1);
    assert.match(done.stderr, /exists already/);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['in.jsonl', 'out.jsonl.partial', 'out.rejects.jsonl']);
});

test('an output may be a device or a pipe, and the name of a form that is not written is refused', async (t) => {
  const cwd = workFolder(t);
  const two = ['--model', 'offline', '--limit', '2'];
  for (const line of [
    `rareflow run ${corpus} ${two.join(' ')} -o /dev/null`,
    `rareflow doc2query ${corpus} ${two.join(' ')} -o /dev/stdout | cat`,
    `rareflow doc2query ${corpus} ${two.join(' ')} -o >(cat >all.jsonl)`,
  ]) {
    const done = await runShell(line, { cwd });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /2 in = 2 out/);
  }
  const arrow = await runCommand(['doc2query', corpus, ...two, '-o', 'out.arrow'], { cwd });
  assert.equal(arrow.code, 2);
  assert.match(arrow.stderr, /out\.arrow: records are not written as \.arrow; .*\.parquet/);
  const retried = await runCommand(['doc2query', corpus, ...two, '-o', 'none.jsonl', '--retry-rejects'], { cwd });
  assert.equal(retried.code, 2);
  assert.match(retried.stderr, /none\.jsonl: no run whose rejects/);
});

test('run with a limit indexes the whole corpus, and reads stdin beside files', async (t) => {
  const folder = workFolder(t);
  const documents = Array.from(range(20), (n) => ({ id: `d${n}`, text: `tide number ${n}` }));
  writeRecords(folder, 'in.jsonl', documents.slice(0, 12));
  const input = documents
    .slice(12)
    .map((one) => `${JSON.stringify(one)}\n`)
    .join('');
  const limited = await runCommand(['run', 'in.jsonl', '--model', 'offline', '--limit', '3', '-o', 'o.jsonl'], {
    cwd: folder,
  });
  assert.match(limited.stderr, /indexed 12 documents[\s\S]*3 in = 3 out/);
  const both = await runCommand(['run', 'in.jsonl', '-', '--model', 'offline'], { cwd: folder, input });
  assert.match(both.stderr, /20 in = 20 out/);
});

test('run builds its index again if a killed build left a folder, or the index is damaged', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', [
    { id: 'a', text: 'The tide turns with the moon.' },
    { id: 'b', text: 'The moon pulls the tide.' },
  ]);
  const index = path.join(folder, 'out.jsonl.rareflow/index.bm25');
  mkdirSync(index, { recursive: true });
  const run = () => runCommand(['run', 'in.jsonl', '--model', 'offline', '-o', 'out.jsonl'], { cwd: folder });
  assert.match((await run()).stderr, /indexed 2 documents[\s\S]*2 in = 2 out/);
  writeFileSync(path.join(index, 'index.json'), '{"format": "rareflow-bm25", "version"');
  assert.match((await run()).stderr, /indexed 2 documents[\s\S]*2 in = 2 out/);
});

test('run copies a named pipe to the disk, and names the pipe in the rejects', async (t) => {
  const folder = workFolder(t);
  const done = await runShell(
    `mkfifo pipe; (cat ${corpus}; echo 'not json') > pipe & rareflow run pipe --model offline --rejects r.jsonl | wc -l`,
    { cwd: folder },
  );
  assert.equal(done.stdout.trim(), '96', done.stderr);
  assert.equal(readRecordsOf(path.join(folder, 'r.jsonl'))[0]?.path, 'pipe');
});

test('search writes its hits as every command does: a full disk is an error', async (t) => {
  const folder = workFolder(t);
  const done = await runShell(
    `rareflow index ${corpus} -o c.bm25 && rareflow search --index c.bm25 --explain -k 2 'spring tides' && rareflow search --index c.bm25 tides > /dev/full`,
    { cwd: folder },
  );
  assert.equal(done.code, 1);
  assert.match(done.stderr, /stdout: the disk is full/);
  const hits = done.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    hits.map(({ rank }) => rank),
    [1, 2],
  );
  for (const { score, terms } of hits) {
    const sum = terms.reduce((total: number, { weight }: { weight: number }) => total + weight, 0);
    assert.ok(Math.abs(sum - score) < 1e-9);
  }
});

test('a key given instead of its name is not printed', async () => {
  const done = await runCommand(['doc2query', corpus, '--model', 'm', '--api-key-env', 'sk-LEAKME99']);
  assert.equal(done.code, 2);
  assert.ok(!done.stderr.includes('LEAKME'), done.stderr);
});

test('every command that writes records writes the form of its output, and says so', async (t) => {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [
    { id: 'a', text: 'A tide turns twice a day. It is the moon that turns it.' },
    { id: 'b', text: '' },
  ]);
  const args = ['doc2query', 'in.jsonl', '--model', 'offline', '-o', 'out.csv.gz'];
  const plan = await runCommand([...args, '--dry-run'], { cwd });
  assert.match(plan.stderr, /out\.csv\.gz would be CSV, gzipped/);
  const made = await runCommand(args, { cwd });
  assert.match(made.stderr, /2 in = 1 out \(out\.csv\.gz\) \+ 1 rejects/);
  const [header] = gunzipSync(readFileSync(path.join(cwd, 'out.csv.gz')))
    .toString()
    .split('\n');
  assert.equal(header, 'id,text,question,scenario,_rareflow');
  const summary = JSON.parse(readFileSync(path.join(cwd, 'out.csv.gz.rareflow/summary.json'), 'utf8'));
  assert.deepEqual([summary.output, summary.outputForm, summary.out], ['out.csv.gz', 'CSV, gzipped', 1]);
  assert.equal(readRecordsOf(path.join(cwd, 'out.csv.gz.rejects.jsonl')).length, 1);
  const split = await runCommand(['split', 'in.jsonl', '-o', 'out.json', '--max-words', '6'], { cwd });
  assert.equal(split.code, 0, split.stderr);
  const passages = JSON.parse(readFileSync(path.join(cwd, 'out.json'), 'utf8'));
  assert.ok(passages.length >= 1 && passages[0].parent === 'a');
});
