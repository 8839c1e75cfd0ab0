import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { built } from '../helpers.js';

const words = Array.from({ length: 400 }, (_, at) => `word${at}x`);
const documents = Array.from({ length: 9000 }, (_, doc) => ({
  id: `doc-${doc}`,
  text: Array.from({ length: 12 }, (_, at) => words[(doc * (at + 3) + at * at) % 400]).join(' '),
}));

test('threads find the same documents as the caller, in the order of the queries, by both weightings', async (t) => {
  const { target } = await built(t, documents);
  await using alone = await openIndex(target);
  await using pool = await openIndex(target, { threads: 2 });
  const queries = documents.slice(0, 60).map(({ text }) => text);
  for (const weighting of ['lucene', 'dataflow'] as const) {
    const found = await Promise.all(queries.map((query) => pool.search(query, { k: 20, weighting })));
    const wanted = await Promise.all(queries.map((query) => alone.search(query, { k: 20, weighting })));
    assert.deepEqual(found, wanted);
  }
});

test('threads compare texts as the caller does, and the caller does it for a custom analyzer', async (t) => {
  const text = documents
    .slice(0, 3)
    .map(({ text }) => text)
    .join(' ');
  const some = Array.from({ length: 50 }, (_, docId) =>
    docId % 2 ? { docId } : { docId, text: documents[docId]?.text },
  );
  const { target } = await built(t, documents);
  await using alone = await openIndex(target);
  await using pool = await openIndex(target, { threads: 2 });
  const wanted = await alone.similarities(text, some);
  assert.ok(wanted.some((one) => one > 0 && one < 1));
  for (const found of await Promise.all(Array.from({ length: 4 }, () => pool.similarities(text, some)))) {
    assert.deepEqual(found, wanted);
  }

  const analyzer = { name: 'letters', tokens: (text: string) => text.match(/[a-z]+/g) ?? [] };
  const own = await built(t, documents.slice(0, 50), { analyzer });
  await using letters = await openIndex(own.target, { threads: 1, analyzer });
  // Every document is 'word' and 'x', as often.
  const [half] = await letters.similarities('word', [{ docId: 0 }]);
  assert.ok(Math.abs((half ?? 0) - Math.SQRT1_2) < 1e-12, `${half}`);
});

test('a search in a thread does not hold the event loop of the caller', async (t) => {
  const { target } = await built(t, documents);
  await using index = await openIndex(target, { threads: 1 });
  const query = words.join(' ');
  await index.search(query, { k: 1000 });
  using delay = Object.assign(monitorEventLoopDelay({ resolution: 1 }), {
    [Symbol.dispose]() {
      delay.disable();
    },
  });
  delay.enable();
  for (let round = 0; round < 20; round++) await index.search(query, { k: 100 });
  assert.ok(delay.percentile(50) < 20e6, `${delay.percentile(50)} ns`);
});

test('an aborted search in a thread ends with the reason of its signal', async (t) => {
  const { target } = await built(t, documents.slice(0, 10));
  await using index = await openIndex(target, { threads: 1 });
  const controller = new AbortController();
  const found = index.search('word1x', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(found, /enough/);
});

test('wrong options are refused, and a closed index refuses searches', async (t) => {
  const { target } = await built(t, documents.slice(0, 10));
  await assert.rejects(openIndex(target, { threads: -1 }), UsageError);
  const index = await openIndex(target, { threads: 1 });
  await assert.rejects(index.search('word1x', { k: 0 }), UsageError);
  await index.close();
  await assert.rejects(index.search('word1x'), /closed/);
  await rm(target, { recursive: true });
});

test('closing waits for the searches under way, and a program that waits for it ends well', async (t) => {
  const { target } = await built(t, documents);
  const program = `
    const { openIndex } = await import(${JSON.stringify(new URL('../../../src/search/bm25Index.ts', import.meta.url).href)});
    const index = await openIndex(${JSON.stringify(target)}, { threads: 1 });
    const searches = Array.from({ length: 50 }, () => index.search('word1x word2x word3x'));
    await index.close();
    console.log((await Promise.all(searches)).length);
  `;
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.deepEqual([run.status, run.stdout.trim()], [0, '50'], run.stderr);
});

test('an idle pool does not keep the process alive', async (t) => {
  const { target } = await built(t, documents.slice(0, 10));
  const module = JSON.stringify(new URL('../../../src/search/bm25Index.ts', import.meta.url).href);
  const program = `const { openIndex } = await import(${module});
    const index = await openIndex(${JSON.stringify(target)}, { threads: 1 });
    console.log((await index.search('word3x')).length > 0);`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 20_000 },
  );
  assert.deepEqual([status, stdout], [0, 'true\n'], stderr);
});
