import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { OutputError, StoreError } from '../../src/errors.js';
import { Store, type StoreOptions } from '../../src/store/store.js';
import { scriptArgs } from '../support/script.js';
import { workFolder } from '../support/workFolder.js';

const kind = { kind: 'test store', version: 1 };

function opened(t: TestContext, path: string, options: Partial<StoreOptions> = {}): Store {
  const store = new Store({ path, ...kind, ...options });
  t.after(() => store.close());
  return store;
}

test('a store keeps JSON and bytes under strings and numbers, in order, after it was closed', async (t) => {
  const folder = path.join(workFolder(t), 'a', 'store.of.x');
  const store = new Store({ path: folder, ...kind });
  const rows = store.table<number, { n: number }>('rows');
  for (const n of [10, 9, 1000, 2]) rows.put(n, { n });
  store.table<string>('bytes', 'binary').put('é', new Uint8Array([1, 2, 255]));
  assert.equal(rows.remove(1000), true);
  assert.equal(rows.remove(1000), false);
  await store.close();

  const again = opened(t, folder);
  const kept = again.table<number, { n: number }>('rows');
  assert.deepEqual(kept.get(9), { n: 9 });
  assert.equal(kept.get(1000), undefined);
  assert.equal(kept.count, 3);
  assert.deepEqual(kept.entries({ limit: 2 }), [
    [2, { n: 2 }],
    [9, { n: 9 }],
  ]);
  assert.deepEqual(kept.entries({ after: 9, limit: 5 }), [[10, { n: 10 }]]);
  const bytes = again.table<string>('bytes', 'binary');
  assert.deepEqual([...(bytes.get('é') ?? [])], [1, 2, 255]);
  assert.ok(again.bytes > 0);
  kept.clear();
  assert.deepEqual([kept.count, bytes.count], [0, 1]);
});

test('a transaction is kept whole or not at all, and passes its error on', (t) => {
  const store = opened(t, path.join(workFolder(t), 'store'));
  const one = store.table<string, number>('one');
  const two = store.table<string, number>('two');
  const wrong = new Error('of the caller');
  assert.throws(
    () =>
      store.transaction(() => {
        one.put('a', 1);
        two.put('a', 1);
        throw wrong;
      }),
    wrong,
  );
  assert.deepEqual([one.count, two.count], [0, 0]);
  const read = store.transaction(() => {
    one.put('a', 1);
    return one.get('a');
  });
  assert.equal(read, 1);
});

test('a store that grows in one process can be read in another, and written by both', async (t) => {
  const folder = path.join(workFolder(t), 'store');
  const rows = opened(t, folder).table<string, string>('rows');
  const { ask } = child(t, folder);
  assert.equal(await ask('ready'), 0);
  const large = 'x'.repeat(20_000);
  for (let n = 0; n < 200; n++) rows.put(`mine ${n}`, large);
  assert.equal(await ask('count'), 200);
  assert.equal(await ask('write 300'), 500);
  assert.equal(rows.count, 500);
  assert.equal(rows.get('theirs 299'), 'y'.repeat(9000));
  rows.clear();
  assert.equal(await ask('count'), 0);
});

test('kill -9 while a store is written loses nothing that was committed, and damages nothing', async (t) => {
  const folder = path.join(workFolder(t), 'store');
  const rows = opened(t, folder).table<string, string>('rows');
  let committed = 0;
  for (const waitMs of [0, 13, 40]) {
    const { ask, process } = child(t, folder);
    await ask('ready');
    process.stdin.write('write 1000000\n');
    while (rows.count <= committed) await new Promise((done) => setTimeout(done, 2));
    await new Promise((done) => setTimeout(done, waitMs));
    const before = rows.count;
    process.kill('SIGKILL');
    await once(process, 'exit');
    committed = rows.count;
    assert.ok(committed >= before, `${committed} after ${before}`);
    for (let n = 0; n < committed; n++) assert.equal(rows.get(`theirs ${n}`), 'y'.repeat(9000));
    rows.put('mine', 'still writes');
    rows.remove('mine');
  }
});

test('a path that is not a store, or is another one, is refused with the reason', (t) => {
  const folder = workFolder(t);
  const open = (name: string, options: Partial<StoreOptions> = {}) => opened(t, path.join(folder, name), options);
  open('good');
  writeFileSync(path.join(folder, 'file'), 'text');
  for (const [name, text] of [
    ['text', 'not a store '.repeat(1000)],
    ['short', 'x'],
  ] as const) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, 'data.mdb'), text);
    assert.throws(() => open(name), refusal(StoreError, /is damaged or not a store/));
  }
  mkdirSync(path.join(folder, 'strange'));
  writeFileSync(path.join(folder, 'strange', 'thesis.txt'), 'mine');
  assert.throws(() => open('strange'), refusal(StoreError, /other files in it \(thesis\.txt\)/));
  assert.throws(() => open('file'), refusal(OutputError, /file: is a file/));
  assert.throws(() => open('file/below'), refusal(OutputError, /file\/below: is a file or inside a file/));
  assert.throws(() => open('absent', { create: false }), refusal(StoreError, /no test store at .*absent/));
  assert.throws(() => open('good', { kind: 'checkpoint' }), refusal(StoreError, /holds test store.*not checkpoint/));
  assert.throws(() => open('good', { version: 2 }), refusal(StoreError, /version 1, not .* version 2/));
});

test('a store that was cut off is refused, at whatever length', async (t) => {
  const folder = workFolder(t);
  const whole = new Store({ path: path.join(folder, 'whole'), ...kind });
  const rows = whole.table<string, string>('rows');
  whole.transaction(() => {
    for (let n = 0; n < 2000; n++) rows.put(`key ${n}`, 'z'.repeat(n));
  });
  await whole.close();
  const data = readFileSync(path.join(folder, 'whole', 'data.mdb'));
  for (const bytes of [4096, 5000, 8192, 12_288, 100_000, data.length / 2]) {
    const target = path.join(folder, `cut ${bytes}`);
    mkdirSync(target);
    writeFileSync(path.join(target, 'data.mdb'), data);
    truncateSync(path.join(target, 'data.mdb'), bytes);
    assert.throws(
      () => {
        const store = opened(t, target, { create: false });
        const table = store.table<string, string>('rows');
        for (let n = 0; n < 2000; n++) assert.equal(table.get(`key ${n}`), 'z'.repeat(n));
      },
      refusal(StoreError, /is damaged/),
    );
  }
});

test('a disk with little free space is not written to, and the store can still be read', async (t) => {
  const folder = path.join(workFolder(t), 'store');
  assert.throws(
    () => opened(t, `${folder}2`, { minFreeBytes: Number.MAX_SAFE_INTEGER }),
    refusal(OutputError, /the disk is full/),
  );
  const store = new Store({ path: folder, ...kind });
  store.table<string, number>('rows').put('a', 1);
  await store.close();
  const full = opened(t, folder, { minFreeBytes: Number.MAX_SAFE_INTEGER });
  const rows = full.table<string, number>('rows');
  assert.throws(() => rows.put('b', 2), refusal(OutputError, /store: the disk is full/));
  assert.deepEqual([rows.get('a'), rows.get('b')], [1, undefined]);
  assert.ok(statSync(path.join(folder, 'data.mdb')).size < 100_000);
});

function refusal(type: typeof StoreError | typeof OutputError, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof type, String(error));
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  };
}

/** Starts another process that has the store open; `ask` resolves to its answer. */
function child(t: TestContext, folder: string) {
  const script = path.join(import.meta.dirname, 'storeChild.ts');
  const process_ = spawn(process.execPath, [...scriptArgs(script), folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => void process_.kill('SIGKILL'));
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const ask = async (what: string) => {
    process_.stdin.write(`${what}\n`);
    return Number((await lines.next()).value);
  };
  return { process: process_, ask };
}
