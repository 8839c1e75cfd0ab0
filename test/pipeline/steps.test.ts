import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RejectError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { readRecordsOf } from '../support/command.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const COUNT = 60;

/** The first stage makes two of each 7th record, the second refuses each 11th. */
const stageOf = (name: string, ordered: boolean, onAsk = () => {}) => ({
  name,
  operator: recordOperator(
    { stage: name, inputs: [textInput('text', 'textKey')], outputs: [] },
    { provenance: false, concurrency: 5, ordered },
    async ({ n }) => {
      onAsk();
      await sleep(((n as number) * 7919) % 4);
      if (name === 'second' && (n as number) % 11 === 3) throw new RejectError('not this one');
      const copies = name === 'first' && (n as number) % 7 === 2 ? 2 : 1;
      return [...range(copies)].map((copy) => ({ fields: { [name]: copy }, provenance: {} }));
    },
  ),
});

interface Setup {
  stopAfter?: number;
  steps?: string[] | undefined;
  ordered?: boolean;
  resume?: 'never';
}

const stepsIn = (folder: string) => ['step1.jsonl', 'step2.jsonl'].map((name) => path.join(folder, name));

async function session(folder: string, setup: Setup = {}) {
  const { stopAfter, steps = stepsIn(folder), ordered = true, resume } = { ...setup };
  const input = path.join(folder, 'in.jsonl');
  if (!existsSync(input))
    writeRecords(
      folder,
      'in.jsonl',
      [...range(COUNT)].map((n) => ({ n, text: `text ${n}` })),
    );
  const stop = new AbortController();
  let asked = 0;
  const onAsk = () => ++asked === stopAfter && stop.abort(new Error('stopped'));
  const asides: string[] = [];
  await using store = new RunStore(path.join(folder, 'run'));
  const failure = await runPipeline({
    source: (context) => readRecords(input, context),
    stages: [stageOf('first', ordered), stageOf('second', ordered, onAsk)],
    stop: stop.signal,
    checkpoint: {
      ...{ store, settings: {}, everyItems: 4, ordered, resume, onSetAside: (file: string) => asides.push(file) },
      output: durableJsonl(path.join(folder, 'out.jsonl')),
      rejects: durableJsonl(path.join(folder, 'rejects.jsonl'), { partial: false }),
      steps: steps.length === 0 ? undefined : steps.map((file) => durableJsonl(file, { partial: false })),
    },
  }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { failure, asides };
}

/** The records of the first stage, by number and copy. */
const expected = [...range(COUNT)].flatMap((n) => (n % 7 === 2 ? [`${n}/0`, `${n}/1`] : [`${n}/0`]));
const madeIn = (file: string) => readRecordsOf(file).map(({ n, first }) => `${n}/${first}`);

for (const ordered of [true, false]) {
  test(`the outputs of stages hold each record once after two stops, ${ordered ? 'in order' : 'in any order'}`, async (t) => {
    const folder = workFolder(t);
    const [first, second] = stepsIn(folder) as [string, string];
    for (const stopAfter of [15, 20]) {
      assert.equal((await session(folder, { stopAfter, ordered })).failure, 'stopped');
      // A process that was killed may have written more than it committed.
      appendFileSync(first, `${JSON.stringify({ n: 59, first: 0 })}\n{"n":`);
    }
    assert.equal((await session(folder, { ordered })).failure, undefined);
    const made = madeIn(first);
    if (!ordered) {
      const numberOf = (one: string) => Number(one.split('/')[0]);
      made.sort((a, b) => numberOf(a) - numberOf(b) || a.localeCompare(b));
    }
    assert.deepEqual(made, expected);
    assert.equal(readFileSync(second, 'utf8'), readFileSync(path.join(folder, 'out.jsonl'), 'utf8'));
    assert.equal(madeIn(second).length + readRecordsOf(path.join(folder, 'rejects.jsonl')).length, expected.length);
    assert.equal((await session(folder, { ordered })).failure, undefined);
  });
}

test('a run is not resumed with outputs of stages that it was started without, or the other way round', async (t) => {
  const [one, other] = [workFolder(t), workFolder(t)];
  await session(one, { stopAfter: 15, steps: [] });
  assert.match(String((await session(one)).failure), /was started without outputs of its stages/);
  await session(other, { stopAfter: 15 });
  assert.match(String((await session(other, { steps: [] })).failure), /was started with outputs of its stages/);
});

test('an output of a stage that holds something else is refused, and --resume never sets it aside', async (t) => {
  const folder = workFolder(t);
  const [first] = stepsIn(folder) as [string];
  writeFileSync(first, '{"id":"theirs"}\n');
  assert.match(String((await session(folder)).failure), /step1\.jsonl: exists, and this run has not written it/);
  const { failure, asides } = await session(folder, { resume: 'never' });
  assert.deepEqual([failure, asides], [undefined, [`${first}.old`]]);
  assert.deepEqual(madeIn(first), expected);
});
