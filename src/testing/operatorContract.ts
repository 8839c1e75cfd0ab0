import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import type { Operator } from '../flow/operator.js';
import type { RecordOptions } from '../operators/recordOptions.js';
import type { DataRecord, Reject } from '../record.js';
import { collect, range, watched } from './sources.js';

export interface ContractSubject {
  stage: string;
  /** Makes the operator; its collaborators answer for any record of `record`. */
  make: (options: RecordOptions) => Operator<DataRecord, DataRecord>;
  /** Returns the n-th of any number of good records. */
  record: (n: number) => DataRecord;
  /** The keys that a record needs, and those that it gains. */
  reads: string[];
  adds: string[];
}

/** The tests that every operator on records passes. */
export function operatorContract({ stage, make, record, reads, adds }: ContractSubject): void {
  const records = (count: number) => Array.from(range(count), record);

  test(`${stage} is lazy and can be iterated again with the same result`, async () => {
    const source = watched(records(5));
    const out = make({})(source);
    await tick();
    assert.equal(source.opened, 0);
    const first = await collect(out);
    assert.equal(first.length, 5);
    assert.deepEqual(await collect(out), first);
  });

  test(`${stage} adds its fields, drops none and mutates no record`, async () => {
    const before = records(5).map((one) => ({ ...one, extra: { kept: true }, _rareflow: { earlier: 1 } }));
    const copy = structuredClone(before);
    const out = await collect(make({})(watched(before)));
    assert.deepEqual(before, copy);
    for (const [place, one] of out.entries()) {
      const { _rareflow: made, ...fields } = one;
      assert.deepEqual(Object.keys(fields).sort(), [...Object.keys(record(place)), 'extra', ...adds].sort());
      assert.deepEqual(Object.keys(made as object).sort(), ['earlier', stage].sort());
      for (const [key, value] of Object.entries(copy[place] ?? {})) {
        if (key !== '_rareflow') assert.deepEqual(one[key], value);
      }
    }
  });

  test(`${stage} leaves provenance out when asked to`, async () => {
    const out = await collect(make({ provenance: false })(watched(records(2))));
    assert.ok(out.every((one) => one._rareflow === undefined));
  });

  test(`${stage} keeps the order, or yields every record once without`, async () => {
    for (const ordered of [true, false]) {
      const out = await collect(make({ ordered, concurrency: 7 })(watched(records(40))));
      const places = out.map((one) => one.n as number);
      assert.deepEqual(ordered ? places : places.toSorted((a, b) => a - b), [...range(40)]);
    }
  });

  test(`${stage} pulls no more than its window while the consumer waits`, async () => {
    const source = watched(records(500));
    const iterator = make({ concurrency: 2, window: 6 })(source)[Symbol.asyncIterator]();
    await iterator.next();
    for (let turn = 0; turn < 50; turn++) await tick();
    assert.ok(source.pulled <= 8, `${source.pulled} pulled`);
    await iterator.return?.();
    assert.equal(source.closed, 1);
  });

  test(`${stage} closes its source on break, on a source's error and on abort`, async () => {
    const left = watched(records(50));
    for await (const _ of make({})(left)) break;
    await tick();
    assert.equal(left.closed, 1);

    const broken = watched(records(50), { failAt: 20 });
    await assert.rejects(collect(make({})(broken)), /the source failed/);
    assert.equal(broken.closed, 1);

    const aborted = watched(records(500), { delayMs: () => 1 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 15);
    await assert.rejects(collect(make({})(aborted, { signal: controller.signal })), /enough/);
    for (let turn = 0; turn < 20 && aborted.closed === 0; turn++) await new Promise((done) => setTimeout(done, 2));
    assert.equal(aborted.closed, 1);
  });

  test(`${stage} is a step of node:stream pipeline`, async () => {
    const out: unknown[] = [];
    await pipeline(Readable.from(records(5)), make({}), async (source: AsyncIterable<unknown>) => {
      for await (const one of source) out.push(one);
    });
    assert.equal(out.length, 5);
  });

  test(`${stage} rejects a record without an input key, or that is not an object, and continues`, async () => {
    for (const key of reads) {
      for (const bad of [undefined, null, '', ' \n', 5, { a: 1 }]) {
        const rejects: Reject[] = [];
        const spoilt = { ...record(1), [key]: bad };
        const out = await collect(
          make({ rejects: (one) => void rejects.push(one) })(watched([spoilt, record(0), null as never, record(2)])),
        );
        assert.equal(out.length, 2);
        assert.deepEqual(
          rejects.map((one) => one.stage),
          [stage, stage],
        );
        assert.match(rejects[0]?.reason ?? '', new RegExp(`"${key}"`));
        assert.deepEqual(rejects[0]?.record, spoilt);
        assert.match(rejects[1]?.reason ?? '', /null, not a JSON object/);
      }
    }
  });

  test(`${stage} rejects a record whose output key holds a value, naming input and output, unless overwrite`, async () => {
    for (const key of adds) {
      const rejects: Reject[] = [];
      const taken = { ...record(1), [key]: 'mine' };
      const source = watched([record(0), taken]);
      const out = await collect(make({ rejects: (one) => void rejects.push(one) })(source));
      assert.equal(out.length, 1);
      assert.match(rejects[0]?.reason ?? '', new RegExp(`output key "${key}".*"${reads[0]}"`));
      const replaced = await collect(make({ overwrite: true })(source));
      assert.notEqual(replaced[1]?.[key], 'mine');
    }
  });

  test(`${stage} stops if none of the first 100 records can be used, and names the keys that it saw`, async () => {
    for (const count of [1, 99, 100, 5000]) {
      const source = watched(Array.from(range(count), (n) => ({ n, body: 'text under another key' })));
      const rejects: Reject[] = [];
      const run = collect(make({ rejects: (one) => void rejects.push(one) })(source));
      await assert.rejects(run, (error: Error & { hint?: string }) => {
        assert.match(error.message, new RegExp(`"${reads[0]}" is missing`));
        assert.match(error.hint ?? '', /the keys n, body/);
        return true;
      });
      assert.ok(source.pulled <= 100);
      assert.deepEqual(rejects, []);
    }
  });
}
