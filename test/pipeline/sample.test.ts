import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { RejectError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { filterDocuments } from '../../src/operators/filterDocuments/filterDocuments.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { type PipelineOptions, type PipelineStage, runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

interface Setup extends Partial<PipelineOptions> {
  ordered?: boolean;
  /** Stop when this many records have come to the stage. */
  stopAfter?: number;
  first?: PipelineStage;
}

/** The records that the stage was asked for, by their numbers, all sessions of a folder together. */
const askedIn = new Map<string, number[]>();

/** Runs one session; its stage rejects some records, makes several of others, and takes a different time for each. */
async function session(folder: string, { ordered = true, stopAfter, first, ...pipeline }: Setup = {}) {
  const asked = askedIn.get(folder) ?? [];
  askedIn.set(folder, asked);
  const stop = new AbortController();
  let came = 0;
  const making = recordOperator(
    { stage: 'making', inputs: [textInput('text', 'textKey')], outputs: [] },
    { ordered, concurrency: 6, provenance: false },
    async ({ n }) => {
      if (++came === stopAfter) stop.abort(new Error('stopped'));
      asked.push(n as number);
      for (let turn = 0; turn < ((n as number) * 7919) % 5; turn++) await new Promise(setImmediate);
      if ((n as number) % 7 === 3) throw new RejectError(`not ${n}`);
      return Array.from({ length: 1 + ((n as number) % 3) }, (_, copy) => ({ fields: { copy }, provenance: {} }));
    },
  );
  await using store = new RunStore(path.join(folder, 'run'));
  return await runPipeline({
    source: (context) => readRecords(path.join(folder, 'in.jsonl'), context),
    stages: [...(first === undefined ? [] : [first]), { name: 'making', operator: making }],
    stop: stop.signal,
    checkpoint: {
      store,
      settings: { model: 'm' },
      output: durableJsonl(path.join(folder, 'out.jsonl')),
      rejects: durableJsonl(path.join(folder, 'rejects.jsonl'), { partial: false }),
      everyItems: 5,
      ordered,
    },
    ...pipeline,
  });
}

function prepare(folder: string): void {
  const documents = Array.from({ length: 120 }, (_, n) => (n % 20 === 13 ? null : { n, text: `text ${n}` }));
  writeRecords(folder, 'in.jsonl', documents);
  appendFileSync(path.join(folder, 'in.jsonl'), 'not json\n');
}

const read = (folder: string, name: string) =>
  readFileSync(path.join(folder, name), 'utf8').replaceAll(folder, '').trimEnd().split('\n');

for (const ordered of [true, false]) {
  test(`a run that goes on from samples asks for nothing twice and writes what one without a sample does: ${ordered ? 'in order' : 'unordered'}`, async (t) => {
    const [whole, parts] = [workFolder(t), workFolder(t)];
    for (const folder of [whole, parts]) prepare(folder);
    const undisturbed = await session(whole, { ordered });
    for (const sample of [15, 15, 40, 20]) {
      const run = await session(parts, { ordered, sample });
      assert.equal(run.in, sample === 20 ? 40 : sample);
      assert.equal(run.in + run.extra, run.out + run.rejected);
      assert.equal(read(parts, 'out.jsonl').length, run.out);
      if (run.rejected > 0) assert.equal(read(parts, 'rejects.jsonl').length, run.rejected);
      const numbers = read(parts, 'out.jsonl').map((line) => JSON.parse(line).n);
      if (ordered)
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
    }
    const all = await session(parts, { ordered });
    assert.deepEqual([all.in, all.out, all.rejected], [undisturbed.in, undisturbed.out, undisturbed.rejected]);
    const asked = askedIn.get(parts) ?? [];
    assert.equal(asked.length, new Set(asked).size);
    for (const name of ['out.jsonl', 'rejects.jsonl']) {
      const [before, after] = [read(whole, name), read(parts, name)];
      if (ordered) assert.deepEqual(after, before);
      else assert.deepEqual(after.sort(), before.sort());
    }
  });

  test(`samples and the run after them may be stopped at any moment: ${ordered ? 'in order' : 'unordered'}`, async (t) => {
    const [whole, parts] = [workFolder(t), workFolder(t)];
    for (const folder of [whole, parts]) prepare(folder);
    await session(whole, { ordered });
    let stops = 0;
    const samples = [30, 30, 30, 30, 50, 50];
    for (let turn = 0; ; turn++) {
      const isLast = await session(parts, { ordered, sample: samples[turn], stopAfter: 1 + ((turn * 37) % 13) }).then(
        () => samples[turn] === undefined,
        (error: Error) => {
          assert.equal(error.message, 'stopped');
          stops += 1;
          // A process that is killed leaves lines that were not committed.
          for (const name of ['out.jsonl.partial', 'rejects.jsonl']) {
            if (existsSync(path.join(parts, name))) appendFileSync(path.join(parts, name), '{"half a li');
          }
          return false;
        },
      );
      if (isLast) break;
    }
    assert.ok(stops > 8, `${stops} stops`);
    for (const name of ['out.jsonl', 'rejects.jsonl']) {
      const [before, after] = [read(whole, name), read(parts, name)];
      if (ordered) assert.deepEqual(after, before);
      else assert.deepEqual(after.sort(), before.sort());
    }
  });
}

test('the output of a sample stays in place until the run that goes on from it is complete', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await session(folder, { sample: 20 });
  const sample = read(folder, 'out.jsonl');
  await assert.rejects(session(folder, { stopAfter: 30 }), /stopped/);
  assert.deepEqual(read(folder, 'out.jsonl'), sample);
});

test('a sample of documents is filtered as all of them are: a duplicate of one that is not in the sample is rejected', async (t) => {
  const [whole, parts] = [workFolder(t), workFolder(t)];
  const documents = Array.from({ length: 60 }, (_, n) => ({ n, text: `text ${n % 9} of many words ${n % 9}` }));
  for (const folder of [whole, parts]) writeRecords(folder, 'in.jsonl', documents);
  const first = () => ({ name: 'filter_documents', operator: filterDocuments({ minWords: 1 }), recalls: true });
  await session(whole, { first: first() });
  const sample = await session(parts, { first: first(), sample: 20 });
  assert.ok(sample.rejected > 5, `${sample.rejected} rejects`);
  await session(parts, { first: first() });
  for (const name of ['out.jsonl', 'rejects.jsonl']) assert.deepEqual(read(parts, name), read(whole, name));
});

test('a sample is refused if the order of the output could not be kept', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await assert.rejects(session(folder, { stopAfter: 30 }), /stopped/);
  await assert.rejects(session(folder, { sample: 50 }), /begun with all records/);
  const other = workFolder(t);
  prepare(other);
  await session(other, { sample: 30 });
  await assert.rejects(session(other, { limit: 40 }), /its sample holds records beyond the first 40/);
});

test('a sample of a run without a checkpoint comes in the order of the input', async () => {
  const source = Array.from({ length: 50 }, (_, n) => ({ n }));
  const run = await runPipeline({ source, stages: [], sample: 7, rejects: () => {} });
  assert.deepEqual([run.in, run.out], [7, 7]);
});
