import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import { mapConcurrent } from '../../src/flow/mapConcurrent.js';
import { collect, range, watched } from '../support/sources.js';

/** Waits `count` turns of the event loop: a delay that costs no clock time. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await tick();
}

const scenario = fc.record({
  delays: fc.array(fc.nat(6), { maxLength: 40 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  ordered: fc.boolean(),
  window: fc.integer({ min: 1, max: 20 }),
});

test('every item comes out once, in order when ordered, never over the concurrency or the window', () =>
  fc.assert(
    fc.asyncProperty(scenario, async ({ delays, concurrency, ordered, window }) => {
      const source = watched(delays.keys());
      let active = 0;
      let peak = 0;
      let given = 0;
      let widest = 0;
      const work = async (index: number) => {
        peak = Math.max(peak, ++active);
        widest = Math.max(widest, source.pulled - given);
        await turns(delays[index] ?? 0);
        active -= 1;
        return index;
      };
      const out: number[] = [];
      for await (const item of mapConcurrent(source, work, { concurrency, ordered, window })) {
        given += 1;
        out.push(item);
      }
      const expected = [...delays.keys()];
      assert.deepEqual(ordered ? out : out.toSorted((a, b) => a - b), expected);
      assert.ok(peak <= concurrency, `${peak} in flight with a concurrency of ${concurrency}`);
      assert.ok(widest <= window + 1, `${widest} items held with a window of ${window}`);
      assert.equal(source.closed, source.opened);
    }),
    { numRuns: 150 },
  ));

test('a failing item or source lets the items in flight finish, then throws, and closes the source', () =>
  fc.assert(
    fc.asyncProperty(scenario, fc.nat(40), fc.boolean(), async ({ delays, ...options }, at, inSource) => {
      fc.pre(at < delays.length);
      const source = watched(delays.keys(), inSource ? { failAt: at } : {});
      const finished: number[] = [];
      const out: number[] = [];
      const work = async (index: number) => {
        await turns(delays[index] ?? 0);
        if (!inSource && index === at) throw new Error('the work failed');
        finished.push(index);
        return index;
      };
      await assert.rejects(async () => {
        for await (const item of mapConcurrent(source, work, options)) out.push(item);
      }, /^Error: the (source|work) failed$/);
      assert.deepEqual(
        out.toSorted((a, b) => a - b),
        finished.toSorted((a, b) => a - b),
      );
      await turns(1);
      assert.equal(source.closed, 1);
    }),
    { numRuns: 150 },
  ));

test('a consumer that leaves aborts the work in flight and closes the source', () =>
  fc.assert(
    fc.asyncProperty(scenario, fc.nat(39), async ({ delays, ...options }, leaveAfter) => {
      fc.pre(leaveAfter < delays.length);
      const source = watched(delays.keys());
      const signals = new Set<AbortSignal>();
      const work = async (index: number, { signal }: { signal: AbortSignal }) => {
        signals.add(signal);
        await turns(delays[index] ?? 0);
        return index;
      };
      let given = 0;
      for await (const _ of mapConcurrent(source, work, options)) if (given++ === leaveAfter) break;
      const started = source.pulled;
      await turns(10);
      assert.equal(source.pulled, started, 'nothing is pulled after the consumer left');
      assert.equal(source.closed, 1);
      assert.ok([...signals].every((signal) => signal.aborted));
    }),
    { numRuns: 100 },
  ));

test('an abort throws its reason at any moment, closes the source and leaves no listener', () =>
  fc.assert(
    fc.asyncProperty(scenario, fc.nat(30), async ({ delays: _, ...options }, abortAfterTurns) => {
      const controller = new AbortController();
      const source = watched(range(10_000));
      const stream = mapConcurrent(
        source,
        async (item) => {
          await turns(1);
          return item;
        },
        { ...options, signal: controller.signal },
      );
      const ending = assert.rejects(collect(stream), /^Error: enough$/);
      await turns(abortAfterTurns);
      controller.abort(new Error('enough'));
      await ending;
      await turns(2);
      assert.equal(source.closed, source.opened);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    }),
    { numRuns: 60 },
  ));

test('a finished item is yielded while the source hangs', async () => {
  for (const ordered of [true, false]) {
    const stream = mapConcurrent(watched(range(9), { hangAt: 1 }), (item) => item, { ordered });
    assert.deepEqual(await stream.next(), { done: false, value: 0 });
    void stream.return();
  }
});

test('leaving does not wait for a source that hangs, nor for work that ignores its signal', async () => {
  const stream = mapConcurrent(
    watched(range(9), { hangAt: 2 }),
    (item) => (item === 0 ? item : new Promise<number>(() => {})),
    {},
  );
  for await (const _ of stream) break;
});

test('an abort does not wait for a source that hangs', async () => {
  const controller = new AbortController();
  const stream = mapConcurrent(watched(range(9), { hangAt: 0 }), (item) => item, { signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await assert.rejects(collect(stream), /enough/);
});

test('nothing is pulled before the first item is asked for, nor beyond the window while the consumer rests', async () => {
  const source = watched(range(1000));
  const stream = mapConcurrent(source, (item) => item, { concurrency: 4, window: 10 });
  await turns(5);
  assert.equal(source.pulled, 0);
  await stream.next();
  await turns(50);
  assert.ok(source.pulled <= 12, `${source.pulled} pulled`);
  await stream.return();
});

test('a slow first item delays no other call until the window is full', async () => {
  let finished = 0;
  const stream = mapConcurrent(
    watched(range(100)),
    async (item) => {
      await (item === 0 ? sleep(60) : turns(1));
      finished += 1;
      return item;
    },
    { concurrency: 4, window: 50 },
  );
  const first = await stream.next();
  assert.equal(first.value, 0);
  assert.ok(finished >= 50, `${finished} finished behind the first item`);
  await stream.return();
});

test('a concurrency that is not a whole number above 0 is refused by name', async () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    await assert.rejects(collect(mapConcurrent(watched([1]), (item) => item, { concurrency })), /concurrency must be/);
  }
});

test('a misspelt option is refused with the name that was meant', async () => {
  const options = { concurency: 4 } as object;
  await assert.rejects(collect(mapConcurrent([1], (item) => item, options)), (error: Error & { hint?: string }) => {
    assert.equal(error.message, 'mapConcurrent has no option "concurency"');
    assert.equal(error.hint, 'did you mean concurrency?');
    return true;
  });
});

test('an array is a source', async () => {
  assert.deepEqual(await collect(mapConcurrent([1, 2, 3], (item) => item * 2)), [2, 4, 6]);
});
