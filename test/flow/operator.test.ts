import assert from 'node:assert/strict';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import { from } from 'ix/asynciterable';
import { map } from 'ix/asynciterable/operators';
import { drain } from '../../src/flow/drain.js';
import { fromDuplex, toDuplex } from '../../src/flow/duplex.js';
import { mapConcurrent } from '../../src/flow/mapConcurrent.js';
import { type Operator, operator } from '../../src/flow/operator.js';
import { collect, range, watched } from '../support/sources.js';

const double: Operator<number, number> = operator(async function* (source, { signal }) {
  for await (const item of source) {
    signal?.throwIfAborted();
    yield item * 2;
  }
});

const failing: Operator<number, number> = operator(async function* (source) {
  for await (const item of source) {
    if (item === 3) throw new Error('three');
    yield item;
  }
});

test('an operator is a plain function from an async iterable to an ix async iterable', async () => {
  assert.deepEqual(await collect(double(watched([1, 2, 3]))), [2, 4, 6]);
  assert.deepEqual(await collect(double(watched([1])).pipe(map((n) => n + 1))), [3]);
});

test('an operator works in ix pipe, with ix operators on both sides', async () => {
  const out = from(watched([1, 2])).pipe(
    map((n: number) => n + 1),
    double,
    map((n: number) => n + 1),
  );
  assert.deepEqual(await collect(out), [5, 7]);
});

test('an array, a set and a sync generator are sources, and can be iterated again', async () => {
  const out = double([1, 2]);
  assert.deepEqual(await collect(out), [2, 4]);
  assert.deepEqual(await collect(out), [2, 4]);
  assert.deepEqual(await collect(double(new Set([3]))), [6]);
  assert.deepEqual(await collect(double(range(3))), [0, 2, 4]);
});

test('a sync source is closed when the consumer leaves', async () => {
  let isClosed = false;
  function* numbers() {
    try {
      yield* [1, 2, 3];
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of double(numbers())) break;
  assert.equal(isClosed, true);
});

test('a source that cannot be iterated is refused at the call, and the error names its type', () => {
  const named = operator<number, number>((source) => source, 'double');
  for (const [source, got] of [
    ['corpus.jsonl', 'the string "corpus.jsonl"'],
    [undefined, 'undefined'],
    [{ id: 1 }, 'an object'],
  ] as const) {
    assert.throws(() => named(source as never), {
      name: 'UsageError',
      message: `the source of double must be an iterable of records (an array, a stream, readJsonl(path)), got ${got}`,
    });
  }
});

test('an operator is lazy and can be iterated again', async () => {
  const source = watched([1, 2]);
  const out = double(source);
  await tick();
  assert.equal(source.opened, 0);
  assert.deepEqual(await collect(out), [2, 4]);
  assert.deepEqual(await collect(out), [2, 4]);
  assert.equal(source.closed, 2);
});

test('an operator is a step of node:stream pipeline', async () => {
  const out: number[] = [];
  const sink = new Writable({ objectMode: true, write: (item, _, done) => done(void out.push(item)) });
  await pipeline(Readable.from(range(5)), double, sink);
  assert.deepEqual(out, [0, 2, 4, 6, 8]);
});

test('an error inside node:stream pipeline rejects it and closes the source', async () => {
  const source = watched(range(50));
  const sink = new Writable({ objectMode: true, write: (_item, _, done) => done() });
  await assert.rejects(pipeline(source, failing, sink), /three/);
  await tick();
  assert.equal(source.closed, 1);
});

test('the signal of node:stream pipeline and of ix reach the operator', async () => {
  const controller = new AbortController();
  const stalled = operator<number, number>(async function* (_source, { signal }) {
    await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
    yield 0;
  });
  const sink = new PassThrough({ objectMode: true });
  const piped = assert.rejects(pipeline(watched([1]), stalled, sink, { signal: controller.signal }), (error: Error) => {
    const errors = error instanceof AggregateError ? error.errors : [error]; // Node 24 gathers one of each stream
    return errors.every(({ name }) => name === 'AbortError');
  });
  const iterated = assert.rejects(
    (async () => {
      const iterator = stalled(watched([1]))[Symbol.asyncIterator](controller.signal);
      await iterator.next();
    })(),
  );
  setImmediate(() => controller.abort());
  await Promise.all([piped, iterated]);
});

test('leaving a chain stops every operator before it at once, also those that wait for work', async () => {
  let started = 0;
  let aborted = 0;
  const slow = operator<number, number>((source, { signal }) =>
    mapConcurrent(
      source,
      async (item, context) => {
        started += 1;
        const waiting = item > 3;
        await sleep(waiting ? 60_000 : 1, undefined, { signal: context.signal, ref: !waiting }).catch(() => {
          aborted += 1;
        });
        return item;
      },
      { concurrency: 4, ordered: false, signal },
    ),
  );
  for await (const _ of double(slow(double(slow(watched(range(1000))))))) if (started > 10) break;
  const startedAtLeaving = started;
  await sleep(20);
  assert.ok(started <= startedAtLeaving + 1, `${started - startedAtLeaving} calls after the consumer left`);
  assert.ok(aborted >= 4, `${aborted} calls were aborted`);
});

test('work in flight hears of an abort while the consumer rests', async () => {
  const controller = new AbortController();
  let heard = false;
  const stream = mapConcurrent(
    watched(range(9)),
    (item, { signal }) =>
      item === 0
        ? item
        : new Promise<number>(() =>
            signal.addEventListener('abort', () => {
              heard = true;
            }),
          ),
    { signal: controller.signal },
  );
  await stream.next();
  controller.abort();
  assert.equal(heard, true);
  await assert.rejects(stream.next());
});

test('toDuplex pipes, reports errors and closes the source when destroyed', async () => {
  const piped = Readable.from(range(3)).pipe(toDuplex(double));
  assert.deepEqual(await collect(piped), [0, 2, 4]);
  await assert.rejects(collect(Readable.from(range(9)).pipe(toDuplex(failing))), /three/);
  const left = Readable.from(range(1e9)).pipe(toDuplex(double));
  for await (const _ of left) break;
  assert.equal(left.destroyed, true);
});

test('fromDuplex makes an operator of a Transform: result, error, leaving early, iterating again', async () => {
  const doubling = () => new Transform({ objectMode: true, transform: (item, _, done) => done(null, item * 2) });
  const op = fromDuplex<number, number>(doubling);
  const source = watched([1, 2, 3]);
  const out = op(source);
  assert.deepEqual(await collect(out), [2, 4, 6]);
  assert.deepEqual(await collect(out), [2, 4, 6]);
  const endless = watched(range(1e9));
  for await (const _ of op(endless)) break;
  await tick();
  assert.equal(endless.closed, 1);
  await assert.rejects(collect(op(watched([1, 2], { failAt: 1 }))), /the source failed/);
  const broken = () => new Transform({ objectMode: true, transform: (_item, _, done) => done(new Error('broken')) });
  await assert.rejects(collect(fromDuplex(broken)(watched([1]))), /broken/);
});

test('drain runs a stream to its end and counts it', async () => {
  assert.equal(await drain(double(watched(range(7)))), 7);
});
