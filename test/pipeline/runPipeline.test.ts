import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RejectError } from '../../src/errors.js';
import { operator } from '../../src/flow/operator.js';
import { takeUntil } from '../../src/flow/takeUntil.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import type { RunProgress } from '../../src/pipeline/progress.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import type { DataRecord, Reject } from '../../src/record.js';
import { collect, range, watched } from '../support/sources.js';

const numbered = (count: number) => Array.from(range(count), (n): DataRecord => ({ n, text: `text ${n}` }));

/** Rejects every `every`-th record, makes `copies` of the others. */
const picky = (name: string, every: number, copies = 1) => ({
  name,
  operator: recordOperator(
    { stage: name, inputs: [textInput('text', 'textKey')], outputs: [] },
    { ordered: false, concurrency: 5 },
    async ({ n }) => {
      if ((n as number) % every === every - 1) throw new RejectError(`${n} is not wanted`);
      return Array.from({ length: copies }, () => ({ fields: { [name]: true }, provenance: {} }));
    },
  ),
});

test('in + extra = out + rejects, in total and at every stage', async () => {
  const rejects: Reject[] = [];
  const end = await runPipeline({
    source: ({ rejects: reject }) =>
      (async function* () {
        await reject({ stage: 'read', reason: 'not JSON', path: 'x', line: 1 });
        yield* numbered(100);
      })(),
    stages: [picky('first', 10, 2), picky('second', 7)],
    rejects: (one) => void rejects.push(one),
  });
  assert.equal(end.in, 101);
  assert.equal(end.extra, 90);
  assert.equal(end.rejected, rejects.length);
  assert.equal(end.in + end.extra, end.out + end.rejected);
  for (const { taken, extra, given, rejected, inFlight } of end.stages) {
    assert.equal(taken + extra, given + rejected);
    assert.equal(inFlight, 0);
  }
});

test('a stage is busy while it has one record or more in progress', async () => {
  const stage = (name: string, workMs: number) => ({
    name,
    operator: recordOperator({ stage: name, inputs: [], outputs: [] }, { concurrency: 4 }, async () => {
      await sleep(workMs);
      return [{ fields: {}, provenance: {} }];
    }),
  });
  const silent = { name: 'silent', operator: operator<DataRecord, DataRecord>((source) => source) };
  const end = await runPipeline({
    source: () =>
      (async function* () {
        for (const record of numbered(8)) {
          if (record.n === 4) await sleep(500);
          yield record;
        }
      })(),
    stages: [stage('slow', 100), stage('quick', 1), silent],
  });
  const [slow = 0, quick = 0, untold] = end.stages.map(({ workSeconds }) => workSeconds);
  assert.ok(
    slow > 0.19 && slow < end.seconds - 0.1,
    `two times four records side by side: ${slow} of ${end.seconds} s`,
  );
  assert.ok(quick > 0 && quick < slow, `${quick} s`);
  assert.equal(untold, 0);
});

test('progress reports the latest reject of each stage, the pace, the share that is done and the time left', async () => {
  const seen: RunProgress[] = [];
  const end = await runPipeline({
    source: ({ onBytes }) =>
      (async function* () {
        for (const [place, record] of numbered(38).entries()) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          yield record;
          onBytes(place + 1, 76);
        }
      })(),
    stages: [picky('first', 10), picky('second', 7)],
    rejects: () => {},
    onProgress: (progress) => seen.push(progress),
    progressIntervalMs: 250,
  });
  assert.deepEqual(
    end.stages.map(({ lastReject }) => lastReject?.reason),
    ['29 is not wanted', '34 is not wanted'],
  );
  assert.equal(end.lastReject?.stage, 'second');
  assert.equal(end.share, 0.5);
  assert.equal(seen[0]?.eta, undefined, 'too early');
  const { eta, perSecond, stages } = seen.at(-1) as RunProgress;
  // Half of it took a little over 3.8 s on an idle machine.
  assert.ok(eta !== undefined && eta.low <= eta.mid && eta.low > 1 && eta.low < 60, JSON.stringify(eta));
  assert.ok(perSecond > 1 && perSecond < 10 && (stages[0]?.perSecond ?? 0) > perSecond, `${perSecond}`);
});

test('limit ends the input early and closes it', async () => {
  const source = watched(numbered(100));
  const end = await runPipeline({ source: () => source, stages: [picky('only', 1000)], limit: 7 });
  assert.deepEqual([end.in, end.out, end.share, source.closed], [7, 7, 1, 1]);
});

test('stop finishes the records in flight and throws its reason, even while the source hangs', async () => {
  const stop = new AbortController();
  const source = watched(numbered(100), { hangAt: 5 });
  let last: RunProgress | undefined;
  const run = runPipeline({
    source: () => source,
    stages: [picky('only', 1000)],
    stop: stop.signal,
    onProgress: (progress) => {
      last = progress;
    },
  });
  setTimeout(() => stop.abort(new Error('enough')), 20);
  await assert.rejects(run, /enough/);
  assert.deepEqual([last?.in, last?.out, last?.pending], [5, 5, 0]);
});

test('an empty input and one without any results are errors, before the sink is complete', async () => {
  let complete = false;
  const sink = operator<DataRecord, DataRecord>(async function* (source) {
    yield* source;
    complete = true;
  });
  const run = (records: DataRecord[]) =>
    runPipeline({ source: () => watched(records), stages: [picky('only', 1)], sink, rejects: () => {} });
  await assert.rejects(run([]), /the input holds no records/);
  await assert.rejects(run(numbered(3)), /all 3 records were rejected, the last by only: 2 is not wanted/);
  assert.equal(complete, false);
});

test('a run that fails reports its counts to the end', async () => {
  let last: RunProgress | undefined;
  const source = watched(numbered(100), { failAt: 50 });
  const run = runPipeline({
    source: () => source,
    stages: [picky('only', 1000)],
    onProgress: (progress) => {
      last = progress;
    },
  });
  await assert.rejects(run, /the source failed/);
  assert.equal(last?.in, 50);
  assert.equal(last.out + last.pending, 50);
});

test('a stage that loses a record is detected', async () => {
  const lossy = operator<DataRecord, DataRecord>(async function* (source) {
    for await (const record of source) if (record.n !== 3) yield record;
  });
  const run = runPipeline({ source: () => watched(numbered(9)), stages: [{ name: 'lossy', operator: lossy }] });
  await assert.rejects(run, /9 records in, but 8 out and 0 rejected/);
});

test('takeUntil leaves no listener and passes errors on', async () => {
  const stop = new AbortController();
  assert.deepEqual(await collect(takeUntil<number>({ limit: 2, stop: stop.signal })(watched([1, 2, 3]))), [1, 2]);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
  await assert.rejects(
    collect(takeUntil<number>({ stop: stop.signal })(watched([1, 2], { failAt: 1 }))),
    /the source failed/,
  );
});

test('a sink that fails stops the stages before it', async () => {
  const source = watched(numbered(1000));
  const full = operator<DataRecord, DataRecord>(async function* (records) {
    for await (const record of records) {
      if (record.n === 3) throw new Error('the disk is full');
      yield record;
    }
  });
  const run = runPipeline({ source: () => source, stages: [picky('first', 2000), picky('second', 2000)], sink: full });
  await assert.rejects(run, /the disk is full/);
  const pulled = source.pulled;
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(source.pulled, pulled);
  assert.equal(source.closed, 1);
});

test('an array is a source, and stages see its records in order', async () => {
  const seen: DataRecord[] = [];
  const sink = operator<DataRecord, DataRecord>(async function* (records) {
    for await (const record of records) {
      seen.push(record);
      yield record;
    }
  });
  const end = await runPipeline({ source: numbered(5), stages: [], sink });
  assert.deepEqual([end.in, end.out], [5, 5]);
  assert.deepEqual(seen, numbered(5));
});

test('records of a declared type are a source', async () => {
  interface Document {
    id: string;
  }
  const documents: Document[] = [{ id: 'a' }];
  const end = await runPipeline({ source: () => documents, stages: [] });
  assert.equal(end.out, 1);
});

test('wrong options are refused with the values that they accept', async () => {
  const stages: [] = [];
  for (const [options, message] of [
    [{ stages }, 'runPipeline: the option source is missing'],
    [
      { source: 'a.jsonl', stages },
      'runPipeline: source must be an iterable of records (an array, a stream, readJsonl(path)), or a function that opens one, got the string "a.jsonl"',
    ],
    [
      { source: () => 'a.jsonl', stages },
      'the source of runPipeline must be an iterable of records (an array, a stream, readJsonl(path)), got the string "a.jsonl"',
    ],
    [{ source: [], stages: [{ name: 'x' }] }, 'runPipeline: stages must be a list of { name, operator }, got a list'],
    [{ source: [], stages, limits: 3 }, 'runPipeline has no option "limits"'],
    [{ source: [], stages, limit: 0 }, 'runPipeline: limit must be a whole number >= 1, got 0'],
    [{ source: [], stages, checkpoint: { sotre: {} } }, 'the checkpoint has no option "sotre"'],
  ] as const) {
    await assert.rejects(runPipeline(options as never), { name: 'UsageError', message });
  }
});
