import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../src/standIn/http/server.js';
import { readRecordsOf, root, runExample } from './support/command.js';
import { range } from './support/sources.js';
import { workFolder } from './support/workFolder.js';

const folder = path.join(root, 'examples');
const ran = new Set<string>();

async function example(name: string, args: string[] = []) {
  ran.add(`${name}.ts`);
  const done = await runExample(name, args);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

test('the corpus holds at least 80 documents on at least 8 subjects, several on each, some in Chinese', () => {
  const records = readRecordsOf(path.join(folder, 'corpus.jsonl'));
  const counts = new Map<unknown, number>();
  for (const { subject } of records) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  assert.ok(records.length >= 80 && counts.size >= 8, `${records.length} documents, ${counts.size} subjects`);
  assert.ok(Math.min(...counts.values()) >= 5);
  assert.equal(new Set(records.map(({ id }) => id)).size, records.length);
  assert.ok(records.some(({ text }) => /\p{Script=Han}/u.test(String(text))));
});

test('pipeline.ts makes the whole data', async (t) => {
  const output = path.join(workFolder(t), 'rare.jsonl');
  const { stdout } = await example('pipeline', [output]);
  assert.match(stdout, /^96 records in /);
  const records = readRecordsOf(output);
  assert.equal(records.length, 96);
  assert.ok(
    records.every(({ reasoning, hard_negatives: found }) => reasoning && Array.isArray(found) && found.length === 3),
  );
});

test('durable.ts makes its questions once, and finds them done the second time', async (t) => {
  const output = path.join(workFolder(t), 'questions.jsonl');
  for (const read of [/^96 read, \d+ in progress$/m, /^96 read, 0 in progress$/m]) {
    const { stdout } = await example('durable', [output]);
    assert.match(stdout, read);
    assert.match(stdout, /^96 records in .*, 0 rejected, 0 pending$/m);
    assert.equal(readRecordsOf(output).length, 96);
  }
});

test('library.ts makes the records of `rareflow run`, and finds them done the second time', async (t) => {
  const output = path.join(workFolder(t), 'rare.jsonl');
  for (const _ of range(2)) {
    const { stdout } = await example('library', [output]);
    assert.match(stdout, /^96 records, about 195 calls$/m);
    assert.match(stdout, /^96 records in .*rare\.jsonl, 0 rejected$/m);
    assert.match(stdout, /^0 rejects retried, 0 of them done$/m);
  }
  assert.equal(readRecordsOf(output).length, 96);
  const { out, settings } = JSON.parse(readFileSync(`${output}.rareflow/summary.json`, 'utf8'));
  assert.deepEqual([out, settings.numNeg, settings.model], [96, 5, 'offline']);
});

test('doc2query.ts prints two questions and a reject', async () => {
  const { stdout } = await example('doc2query');
  assert.equal(stdout.match(/question: /g)?.length, 2);
  assert.match(stdout, /doc2query rejected a record: the input key "text" is blank/);
});

test('bm25HardNeg.ts prints two negatives on the same subject', async () => {
  const { stdout } = await example('bm25HardNeg');
  assert.match(stdout, /positive: tides-1\nnegative: .*[Tt]id.*\nnegative: .*[Tt]id/);
});

test('reasonDistill.ts prints a reasoning and the order of the documents', async () => {
  const { stdout } = await example('reasonDistill');
  assert.match(stdout, /Answer: [\s\S]*order: \[/);
});

test('ownOperator.ts removes the negatives that answer the question, says the judge', async () => {
  const { stdout } = await example('ownOperator');
  assert.match(stdout, /^\[ 'A tidal bore is [^,]*' \] \{ true_negatives: \{ judge: 'toy-judge', removed: 1 \} \}$/m);
  assert.match(stdout, /^true_negatives: all 1 negatives answer the question$/m);
});

test('nodeStreams.ts prints a question for each document', async () => {
  const { stdout } = await example('nodeStreams');
  assert.equal(stdout.trim().split('\n').length, 96);
});

test('localServer.ts asks a server that speaks the protocol of OpenAI', async (t) => {
  const server = await startStandIn({ seed: 3 });
  t.after(() => server.close());
  const { records, stderr } = await example('localServer', [server.baseUrl, 'local-model']);
  assert.equal(records.length, 96);
  assert.match(stderr, /96 questions, 96 requests, at most \d+ at once/);
  assert.ok(server.ledger.calls.length === 96 && server.ledger.peakInFlight <= 32);
});

test('flexsearch.ts finds by BM25', async () => {
  const { stdout } = await example('flexsearch');
  assert.equal(stdout.trim(), "[ 'd1', 'd2' ]");
});

test('every example is run by a test and listed in examples/README.md', () => {
  const examples = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  assert.deepEqual(examples, [...ran].sort());
  const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
  assert.deepEqual(
    examples.filter((name) => !readme.includes(`(${name})`)),
    [],
  );
});
