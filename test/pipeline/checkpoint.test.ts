import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RejectError } from '../../src/errors.js';
import { operator } from '../../src/flow/operator.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import type { Checkpoint } from '../../src/pipeline/checkpoint.js';
import type { RunProgress } from '../../src/pipeline/progress.js';
import { type PipelineOptions, runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { type DataRecord, isRecord } from '../../src/record.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

/** Makes `copies` of a record, by its number, or rejects it; each after a different delay. */
const stage = (name: string, ordered: boolean, fate: (n: number) => number) => ({
  name,
  operator: recordOperator(
    { stage: name, inputs: [textInput('text', 'textKey')], outputs: [] },
    { ordered, concurrency: 6, provenance: false },
    async ({ n }) => {
      await sleep((((n as number) * 7919) % 5) * 0.5);
      const copies = fate(n as number);
      if (copies === 0) throw new RejectError(`${name} does not want ${n}`);
      return Array.from({ length: copies }, (_, copy) => ({ fields: { [name]: copy }, provenance: {} }));
    },
  ),
});

const stagesOf = (ordered: boolean) => [
  stage('first', ordered, (n) => (n % 11 === 3 ? 0 : (n % 3) + 1)),
  stage('second', ordered, (n) => (n % 7 === 5 ? 0 : 1)),
];

interface Setup extends Partial<Checkpoint> {
  stopAfter?: number;
  pipeline?: Partial<PipelineOptions>;
}

/** Runs one session in a folder; it is stopped when `stopAfter` records have come to the last stage. */
async function session(folder: string, { stopAfter = Number.POSITIVE_INFINITY, pipeline, ...more }: Setup = {}) {
  const stop = new AbortController();
  const { ordered = true } = more;
  let came = 0;
  let last: RunProgress | undefined;
  const counted = operator<DataRecord, DataRecord>(async function* (source) {
    for await (const record of source) {
      came += 1;
      if (came === stopAfter) stop.abort(new Error('stopped'));
      yield record;
    }
  });
  await using store = new RunStore(path.join(folder, 'run'));
  const options: PipelineOptions = {
    source: (context) => readRecords(path.join(folder, 'in.jsonl'), context),
    stages: [...stagesOf(ordered), { name: 'counted', operator: counted }],
    stop: stop.signal,
    onProgress: (progress) => {
      last = progress;
    },
    checkpoint: {
      store,
      settings: { model: 'm', seed: 1 },
      output: durableJsonl(path.join(folder, 'out.jsonl')),
      rejects: durableJsonl(path.join(folder, 'rejects.jsonl'), { partial: false }),
      everyItems: 10,
      ...more,
    },
    ...pipeline,
  };
  const error = await runPipeline(options).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  return { error, last: last as unknown as RunProgress, came };
}

function prepare(folder: string, count = 200): void {
  const documents = Array.from(range(count), (n) => (n % 20 === 13 ? null : { n, text: `text ${n}` }));
  writeRecords(folder, 'in.jsonl', documents);
  appendFileSync(path.join(folder, 'in.jsonl'), 'not json\n[1]\n');
}

const linesOf = (folder: string, name: string) =>
  readFileSync(path.join(folder, name), 'utf8').replaceAll(folder, '').split('\n');

for (const ordered of [true, false]) {
  test(`a run stopped many times writes the same as an undisturbed one: ${ordered ? 'in order' : 'unordered'}`, async (t) => {
    const whole = workFolder(t);
    const parts = workFolder(t);
    for (const folder of [whole, parts]) prepare(folder);
    const undisturbed = await session(whole, { ordered });
    assert.equal(undisturbed.error, undefined);
    let sessions = 0;
    let worked = 0;
    for (let left = true; left; sessions++) {
      const { error, last } = await session(parts, { ordered, stopAfter: 1 + ((sessions * 37) % 30) });
      assert.equal(last.in + last.extra, last.out + last.rejected + last.pending);
      const workSeconds = last.stages[0]?.workSeconds ?? 0;
      assert.ok(workSeconds >= worked, `${workSeconds} s of work after ${worked} s in the sessions before`);
      worked = workSeconds;
      left = error !== undefined;
      if (left) {
        assert.match(error?.message ?? '', /stopped/);
        // A process that is killed leaves lines that were not committed.
        for (const name of ['out.jsonl.partial', 'rejects.jsonl']) {
          if (existsSync(path.join(parts, name))) appendFileSync(path.join(parts, name), '{"half a li');
        }
      } else assert.deepEqual(countsOf(last), countsOf(undisturbed.last));
    }
    assert.ok(sessions > 5, `${sessions} sessions`);
    assert.ok(worked > 0.02, `${worked} s`);
    for (const name of ['out.jsonl', 'rejects.jsonl']) {
      const [before, after] = [linesOf(whole, name), linesOf(parts, name)];
      if (ordered) assert.deepEqual(after, before);
      else assert.deepEqual(after.sort(), before.sort());
    }
    assert.equal(undisturbed.last.in, 202);
    assert.equal(undisturbed.last.pending, 0);
  });
}

test('the rejects of an ordered run hold their places in the output', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await session(folder);
  const output = linesOf(folder, 'out.jsonl')
    .filter(Boolean)
    .map((line) => JSON.parse(line).n as number);
  const rejects = linesOf(folder, 'rejects.jsonl')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  for (const { place, record } of rejects) {
    if (!isRecord(record)) continue;
    assert.ok(output.slice(0, place).every((n) => n <= (record.n as number)));
    assert.ok(output.slice(place).every((n) => n > (record.n as number)));
  }
});

test('a run with other settings is refused with the differences, and nothing is touched', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await session(folder, { stopAfter: 50 });
  const before = linesOf(folder, 'out.jsonl.partial');
  const { error } = await session(folder, { settings: { model: 'other', seed: 1, topP: 0.5 } });
  assert.match(error?.message ?? '', /other settings: model "m" → "other", topP none → 0\.5$/);
  assert.deepEqual(linesOf(folder, 'out.jsonl.partial'), before);
});

test('resume: never sets the files of a run aside, always requires one, and a finished run is left as it is', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  assert.match((await session(folder, { resume: 'always' })).error?.message ?? '', /no run to resume/);
  await session(folder, { stopAfter: 50 });
  const aside: string[] = [];
  const settings = { model: 'another' };
  const fresh = await session(folder, { resume: 'never', settings, onSetAside: (place) => void aside.push(place) });
  assert.equal(fresh.error, undefined);
  assert.deepEqual(
    aside.map((place) => path.basename(place)),
    ['out.jsonl.partial.old', 'rejects.jsonl.old'],
  );
  const again = await session(folder, { settings });
  assert.deepEqual([again.error, again.came, again.last.out], [undefined, 0, fresh.last.out]);
  const output = readFileSync(path.join(folder, 'out.jsonl'), 'utf8');
  assert.match(
    (await session(folder)).error?.message ?? '',
    /of a finished run with other settings: model "another" → "m"/,
  );
  const third = await session(folder, { resume: 'never', onSetAside: (place) => void aside.push(place) });
  assert.equal(third.error, undefined);
  assert.deepEqual(
    aside.slice(2).map((place) => path.basename(place)),
    ['out.jsonl.old', 'rejects.jsonl.old.2'],
  );
  assert.equal(readFileSync(path.join(folder, 'out.jsonl.old'), 'utf8'), output);
});

test('a .partial of something else is never touched', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  writeFileSync(path.join(folder, 'out.jsonl.partial'), 'mine');
  const { error } = await session(folder);
  assert.match(error?.message ?? '', /exists already/);
  assert.equal(readFileSync(path.join(folder, 'out.jsonl.partial'), 'utf8'), 'mine');
});

test('a run of which nothing was finished leaves nothing behind', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  const hopeless = {
    name: 'hopeless',
    operator: recordOperator({ stage: 'hopeless', inputs: [], outputs: [] }, {}, () =>
      Promise.reject(new Error('no key')),
    ),
  };
  const { error } = await session(folder, { pipeline: { stages: [hopeless] } });
  assert.match(error?.message ?? '', /no key/);
  assert.deepEqual(readdirSync(folder).sort(), ['in.jsonl', 'run']);
  assert.deepEqual(readdirSync(path.join(folder, 'run')), []);
  assert.equal((await session(folder, { settings: { model: 'right' } })).error, undefined);
});

test('a run that is killed between the rename and the last commit is found done', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await session(folder);
  const output = linesOf(folder, 'out.jsonl');
  {
    await using store = new RunStore(path.join(folder, 'run'));
    const state = store.state;
    assert.equal(state?.phase, 'done');
    store.commit({ ...state, phase: 'finishing' });
  }
  const again = await session(folder);
  assert.deepEqual([again.error, again.came], [undefined, 0]);
  assert.deepEqual(linesOf(folder, 'out.jsonl'), output);

  // Killed before the rename: nothing is read again, and the output becomes final.
  renameSync(path.join(folder, 'out.jsonl'), path.join(folder, 'out.jsonl.partial'));
  {
    await using store = new RunStore(path.join(folder, 'run'));
    store.commit({ ...(store.state as NonNullable<typeof store.state>), phase: 'finishing' });
  }
  const renamed = await session(folder);
  assert.deepEqual([renamed.error, renamed.came], [undefined, 0]);
  assert.deepEqual(linesOf(folder, 'out.jsonl'), output);
});

test('an output that lost committed lines is refused', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  await session(folder, { stopAfter: 50 });
  writeFileSync(path.join(folder, 'out.jsonl.partial'), '{}\n');
  const { error } = await session(folder);
  assert.match(error?.message ?? '', /holds 3 bytes of the \d+ that were written/);
});

test('a stage that makes records from nothing, or drops one, is detected', async (t) => {
  for (const [lossy, problem] of [
    [
      async function* (source: AsyncIterable<DataRecord>) {
        for await (const { n } of source) yield { n };
      },
      /cannot be traced to the input/,
    ],
    [
      async function* (source: AsyncIterable<DataRecord>) {
        for await (const one of source) if (one.n !== 7) yield one;
      },
      /202 records in, but 7 out/,
    ],
    [
      async function* (source: AsyncIterable<DataRecord>) {
        for await (const one of source) {
          yield one;
          yield one;
        }
      },
      /cannot be traced to the input/,
    ],
  ] as const) {
    const folder = workFolder(t);
    prepare(folder);
    const stages = [{ name: 'lossy', operator: operator<DataRecord, DataRecord>(lossy) }];
    const { error } = await session(folder, { pipeline: { stages } });
    assert.match(error?.message ?? '', problem);
  }
});

test('a limit counts all sessions, and a higher one resumes the run', async (t) => {
  const folder = workFolder(t);
  prepare(folder);
  const { last } = await session(folder, { pipeline: { limit: 40 } });
  assert.equal(last.in, 40);
  const output = readFileSync(path.join(folder, 'out.jsonl'), 'utf8');
  const longer = await session(folder, { stopAfter: 20 });
  assert.equal(longer.last.in > 40, true);
  const more = await session(folder, { pipeline: { limit: 100 } });
  assert.deepEqual([more.error, more.last.in], [undefined, 100]);
  assert.ok(readFileSync(path.join(folder, 'out.jsonl'), 'utf8').startsWith(output));
});

test('a second run at the same output is refused while the first one runs', async (t) => {
  const folder = workFolder(t);
  await using _store = new RunStore(path.join(folder, 'run'));
  assert.throws(() => new RunStore(path.join(folder, 'run')), new RegExp(`process ${process.pid} is writing this run`));
});

/** Returns the counts that do not depend on the duration of a session. */
function countsOf({ in: read, extra, out, rejected, pending, stages }: RunProgress) {
  const ofStages = stages.map(({ name, taken, given, rejected }) => ({ name, taken, given, rejected }));
  return { read, extra, out, rejected, pending, ofStages };
}
