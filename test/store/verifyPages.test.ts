import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { AnswerStore } from '../../src/llm/cacheStore/answerStore.js';
import { noCounts } from '../../src/pipeline/state/runCounts.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { Store } from '../../src/store/store.js';
import { verifyPages } from '../../src/store/verifyPages.js';
import { seededRandom } from '../../src/util/random.js';
import { scriptArgs } from '../support/script.js';
import { workFolder } from '../support/workFolder.js';

const PAGE = 4096;
const COPIES = 200;

/** A store with branch pages, overflow pages and free pages. Returns the path of its file. */
async function largeStore(folder: string): Promise<string> {
  const store = new Store({ path: folder, kind: 'test store', version: 1 });
  const rows = store.table<number, string>('rows');
  store.transaction(() => {
    for (let n = 0; n < 2000; n++) rows.put(n, 'z'.repeat(n % 50 === 0 ? 9000 : n % 200));
  });
  for (let n = 0; n < 40; n++) rows.remove(n * 50);
  await store.close();
  return path.join(folder, 'data.mdb');
}

test('the pages of a store that is whole are verified', async (t) => {
  assert.equal(verifyPages(await largeStore(path.join(workFolder(t), 'store'))), undefined);
});

test('a damaged page is named with its number', async (t) => {
  const file = await largeStore(path.join(workFolder(t), 'store'));
  const whole = readFileSync(file);
  const problems = new Set<string>();
  for (let page = 2; page < whole.length / PAGE; page++) {
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, page * PAGE, page * PAGE + 24);
    writeFileSync(file, damaged);
    const problem = verifyPages(file);
    if (problem?.includes(`page ${page} `)) problems.add(problem);
  }
  assert.ok(problems.size > 20, [...problems].join('\n'));
});

test('a page in two places, a node outside of its page and a count that is wrong are refused', async (t) => {
  const file = await largeStore(path.join(workFolder(t), 'store'));
  const whole = readFileSync(file);
  const pages = Array.from({ length: whole.length / PAGE }, (_, page) => page * PAGE).slice(2);
  const leaf = pages.filter((offset) => whole.readUInt16LE(offset + 18) === 2).at(-1) as number;
  const first = whole.readUInt16LE(leaf + 24);
  for (const [offset, value, reason] of [
    [leaf + 18, 4, /is of another kind/],
    [leaf + 20, 3, /impossible bounds/],
    [leaf + 24, PAGE, /lies outside of it/],
    [leaf + 24 + first + 4, 0x80, /impossible flags/],
    [leaf + 24 + first + 6, PAGE, /does not fit/],
  ] as const) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt16LE(value, offset);
    writeFileSync(file, damaged);
    assert.match(verifyPages(file) ?? 'whole', reason);
  }
});

for (const [kind, make] of [
  ['run', makeRunStore],
  ['cache', makeCache],
] as const) {
  test(`a ${kind} with random damage is refused with a reason or read right, and never ends the process`, async (t) => {
    const folder = workFolder(t);
    await make(path.join(folder, 'whole'));
    const data = kind === 'run' ? 'run/data.mdb' : 'data.mdb';
    const whole = readFileSync(path.join(folder, 'whole', data));
    const random = seededRandom('damage', kind);
    for (let copy = 0; copy < COPIES; copy++) {
      const target = path.join(folder, `${copy}`);
      cpSync(path.join(folder, 'whole'), target, { recursive: true });
      const damaged = Buffer.from(whole);
      const flips = 1 + Math.floor(random() * 4);
      for (let n = 0; n < flips; n++) {
        const at = Math.floor(random() * damaged.length);
        damaged[at] = (damaged[at] as number) ^ (1 << Math.floor(random() * 8));
      }
      const isZeroed = copy % 10 === 0;
      if (isZeroed) damaged.fill(0, PAGE * Math.floor(random() * 8), PAGE * 8);
      mkdirSync(path.dirname(path.join(target, data)), { recursive: true });
      writeFileSync(path.join(target, data), damaged);
    }
    const script = path.join(import.meta.dirname, 'damagedChild.ts');
    const args = [...scriptArgs(script), kind, folder, `${COPIES}`];
    const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(child.signal, null, child.stdout.split('\n').at(-2));
    assert.equal(child.status, 0, child.stderr);
    const outcomes = child.stdout.trim().split('\n');
    assert.equal(outcomes.length, COPIES);
    assert.deepEqual(
      outcomes.filter((line) => !/^(right|refused|lost)/.test(line)),
      [],
    );
    assert.ok(outcomes.filter((line) => line.startsWith('refused')).length > 10, outcomes.join('\n'));
  });
}

async function makeRunStore(folder: string): Promise<void> {
  const store = new RunStore(folder);
  const finished = Array.from({ length: 3000 }, (_, n) => n * 3 + (n % 2));
  for (let session = 1; session <= 20; session++) {
    const edges = finished.slice(0, session * 100);
    const out = edges.reduce((sum, edge, index) => sum + (index % 2 === 0 ? -edge : edge), 0);
    store.commit({
      ...{ settings: { model: 'm' }, phase: 'running', startedAt: '2026-11-28', sessions: session, seconds: 1 },
      ...{ outputBytes: out * 100, rejectsBytes: 0, finished: edges, counts: { ...noCounts(['doc2query']), out } },
    });
  }
  await store.close();
}

async function makeCache(folder: string): Promise<void> {
  const cache = new AnswerStore({ path: folder });
  for (let n = 0; n < 300; n++) {
    const usage = { promptTokens: n, completionTokens: n };
    const text = `${n} ${'word '.repeat(n % 40 === 0 ? 3000 : 20)}`;
    cache.put(keyOf(n), { stage: 's', model: 'm' }, { text, usage } as never);
  }
  await cache.close();
}

function keyOf(n: number): string {
  return `${n}`.padStart(64, '0');
}
