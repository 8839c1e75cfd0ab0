import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { retryRejects } from '../../src/chain/retryRejects.js';
import { RejectError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { durableRecords } from '../../src/io/write/durableRecords.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import type { DataRecord } from '../../src/record.js';
import { startStandIn } from '../../src/standIn/http/server.js';
import { runOrKill, writeCorpus } from '../support/crash.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

interface Setup {
  folder: string;
  output: string;
  limit?: number;
  resume?: 'never' | 'rebuild';
  stopAfter?: number;
  /** Records whose `n` is a multiple of it are rejected. */
  refusedEvery?: number;
}

/** Runs one session over 40 records, and resolves to how many were asked for. */
async function session({ folder, output, limit, resume, stopAfter, refusedEvery = 10 }: Setup) {
  const input = path.join(folder, 'in.jsonl');
  if (!existsSync(input))
    writeRecords(
      folder,
      'in.jsonl',
      [...range(40)].map((n) => ({ n, text: `text ${n}` })),
    );
  const stop = new AbortController();
  let asked = 0;
  const stages = [stageOf(refusedEvery, () => ++asked === stopAfter && stop.abort(new Error('stopped')))];
  await using store = new RunStore(`${output}.rareflow`);
  const rejects = path.join(folder, 'rejects.jsonl');
  const failure = await runPipeline({
    source: (context) => readRecords(input, context),
    ...{ stages, limit, stop: stop.signal },
    checkpoint: {
      ...{ store, settings: {}, output: durableRecords(output), resume, everyItems: 5 },
      rejects: durableJsonl(rejects, { partial: false }),
    },
  }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { asked, failure };
}

const stageOf = (refusedEvery: number, onAsk = () => {}) => ({
  name: 'ask',
  operator: recordOperator(
    { stage: 'ask', inputs: [textInput('text', 'textKey')], outputs: ['answer'] },
    { provenance: false },
    async ({ n }) => {
      onAsk();
      if ((n as number) % refusedEvery === 3) throw new RejectError('not this one');
      return [{ fields: { answer: [`to ${n}`, { n }] }, provenance: {} }];
    },
  ),
});

async function numbersIn(file: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { n } of readRecords(file)) numbers.push(Number((n as DataRecord | string) ?? -1));
  return numbers;
}

const kept = (count: number) => [...range(count)].filter((n) => n % 10 !== 3);

for (const name of ['out.json', 'out.parquet', 'out.csv.zst']) {
  test(`a run to ${name} that is stopped resumes its JSON Lines, and asks for nothing twice`, async (t) => {
    const folder = workFolder(t);
    const output = path.join(folder, name);
    const first = await session({ folder, output, stopAfter: 12 });
    assert.equal(first.failure, 'stopped');
    assert.ok(!existsSync(output) && existsSync(`${output}.rareflow/records.jsonl.partial`));
    const second = await session({ folder, output });
    assert.equal(second.failure, undefined);
    assert.equal(first.asked + second.asked, 40);
    assert.deepEqual(await numbersIn(output), kept(40));
    assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
  });
}

test('a run that fails while its form is written has only that left to do', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.csv');
  mkdirSync(`${output}.rareflow/`, { recursive: true });
  const { asked } = await session({ folder, output, stopAfter: 12 });
  mkdirSync(`${output}.partial/in-the-way`, { recursive: true });
  const failed = await session({ folder, output });
  assert.equal(asked + failed.asked, 40);
  assert.match(String(failed.failure), /out\.csv\.partial/);
  rmSync(`${output}.partial`, { recursive: true });
  assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
  assert.deepEqual(await numbersIn(output), kept(40));
});

test('a finished output is made again if it was removed, and refused if it was changed', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.json');
  await session({ folder, output });
  const content = readFileSync(output, 'utf8');
  rmSync(output);
  assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
  assert.equal(readFileSync(output, 'utf8'), content);
  writeFileSync(output, '[]');
  const { failure } = await session({ folder, output });
  assert.match(String(failure), /has changed since its run was finished: 2 bytes instead of/);
  rmSync(`${output}.rareflow/records.jsonl`);
  writeFileSync(output, content);
  assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
});

test('a higher limit reads on, and the form is made of all records', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.parquet');
  assert.equal((await session({ folder, output, limit: 15 })).asked, 15);
  assert.deepEqual(await numbersIn(output), kept(15));
  assert.equal((await session({ folder, output })).asked, 25);
  assert.deepEqual(await numbersIn(output), kept(40));
});

test('--resume never keeps the earlier output and its records', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.json');
  await session({ folder, output, limit: 5 });
  assert.equal((await session({ folder, output, resume: 'never' })).asked, 40);
  assert.deepEqual([(await numbersIn(`${output}.old`)).length, (await numbersIn(output)).length], [4, 36]);
  assert.ok(existsSync(`${output}.rareflow/records.jsonl.old`));
});

test('--resume rebuild finds what is done in the records of a run that lost its state', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.parquet');
  const first = await session({ folder, output, stopAfter: 12 });
  rmSync(`${output}.rareflow/run`, { recursive: true });
  const second = await session({ folder, output, resume: 'rebuild' });
  assert.equal(second.failure, undefined);
  assert.equal(first.asked + second.asked, 40);
  assert.deepEqual(await numbersIn(output), kept(40));
});

test('what a stranger has written there is refused, and stays', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.csv');
  writeFileSync(output, 'a,b\n1,2\n');
  const { asked, failure } = await session({ folder, output });
  assert.equal(asked, 0);
  assert.match(String(failure), /exists, and its run is not known/);
  assert.equal(readFileSync(output, 'utf8'), 'a,b\n1,2\n');
});

test('a run that an earlier version began as JSON Lines under the name goes on as JSON Lines', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.json');
  const old = path.join(folder, 'old.jsonl');
  await session({ folder, output: old, stopAfter: 12 });
  for (const part of ['.partial', '.rareflow']) renameSync(old + part, output + part);
  const { asked, failure } = await session({ folder, output });
  assert.equal(failure, undefined);
  assert.ok(asked < 40 && !existsSync(`${output}.rareflow/records.jsonl`));
  assert.equal(readFileSync(output, 'utf8').trim().split('\n').length, 36);
  assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
});

test('rejects that are retried come to their places, and the form is made again', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'out.csv');
  await session({ folder, output });
  const before = statSync(output).size;
  {
    await using store = new RunStore(`${output}.rareflow`);
    const options = { folder: `${output}.rareflow`, store, output, rejects: path.join(folder, 'rejects.jsonl') };
    assert.deepEqual(await retryRejects({ ...options, stages: [stageOf(1000)] }), { retried: 4, out: 3 });
  }
  assert.ok(statSync(output).size > before);
  assert.deepEqual(
    await numbersIn(output),
    [...range(40)].filter((n) => n !== 3),
  );
  assert.deepEqual(await session({ folder, output }), { asked: 0, failure: undefined });
});

test('a run to CSV that is killed with -9 in its middle and in the pass over its records pays for none again after its last record', async (t) => {
  const folder = workFolder(t);
  writeCorpus(folder, 60);
  const server = await startStandIn({ seed: 1, medianMs: 4, sigma: 0.8 });
  t.after(() => server.close());
  const { calls } = server.ledger;
  const child = path.resolve(import.meta.dirname, '../support/durableChild.ts');
  const args = [child, 'corpus.jsonl', 'out.csv', server.baseUrl];
  const middle = await runOrKill(args, folder, (kill) => {
    const timer = setInterval(() => calls.length >= 60 && kill(), 1);
    return () => clearInterval(timer);
  });
  assert.equal(middle.code, undefined, middle.stderr);
  const lost = calls.length;
  // The process kills itself as soon as the pass has begun.
  const watch =
    "import{existsSync}from'node:fs';(function f(){if(existsSync('out.csv.partial'))process.kill(process.pid,'SIGKILL');setImmediate(f).unref()})()";
  const options = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `${options ?? ''} --import=data:text/javascript,${encodeURIComponent(watch)}`;
  const inPass = await runOrKill(args, folder);
  process.env.NODE_OPTIONS = options ?? '';
  assert.equal(inPass.code, undefined, inPass.stderr);
  assert.ok(existsSync(path.join(folder, 'out.csv.partial')) && !existsSync(path.join(folder, 'out.csv')));
  const paid = calls.length;
  assert.ok(paid <= 120 + lost, `${paid} calls`);
  const last = await runOrKill(args, folder);
  assert.deepEqual([last.code, calls.length], [0, paid], last.stderr);
  const ids: unknown[] = [];
  for await (const { id } of readRecords(path.join(folder, 'out.csv'))) ids.push(id);
  assert.deepEqual(
    ids,
    [...range(60)].map((n) => `d${n}`),
  );
  assert.deepEqual(readdirSync(folder).sort(), ['corpus.jsonl', 'out.csv', 'out.csv.rareflow']);
});
