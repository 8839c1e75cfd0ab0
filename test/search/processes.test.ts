import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IndexError } from '../../src/errors.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { buildIndex } from '../../src/search/buildIndex.js';
import { built, from, workFolder } from './helpers.js';

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(script: string, target: string): { child: Child; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, script), target], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** The word that all documents share, or none where there is no index. */
async function wordOf(target: string): Promise<string | undefined> {
  try {
    await using index = await openIndex(target);
    const found = await Promise.all(['left', 'right'].map((word) => index.search(word, { k: 1000 })));
    const word = index.text(0).split(' ')[0];
    assert.deepEqual(
      found.map((hits) => hits.length),
      word === 'left' ? [400, 0] : [0, 400],
    );
    for (const docId of [0, 200, 399]) assert.ok(index.text(docId).startsWith(`${word} filler${docId} `));
    return word;
  } catch (error) {
    assert.ok(error instanceof IndexError && /there is no index/.test(error.message), String(error));
    return undefined;
  }
}

test('kill -9 of a build at any moment leaves the old index or none', async (t) => {
  const folder = await workFolder(t);
  const moments = [0, 7, 25, 60, 110, 170, 250, 340];
  await Promise.all(
    [0, 1].map(async (half) => {
      const target = path.join(folder, `x${half}.bm25`);
      for (const waitMs of moments.filter((_, at) => at % 2 === half)) {
        const { child, lines } = start('buildLoop.ts', target);
        assert.equal((await lines.next()).value, 'ready');
        await sleep(waitMs);
        child.kill('SIGKILL');
        await once(child, 'exit');
        await wordOf(target);
      }
      await buildIndex(from(Array.from({ length: 400 }, (_, at) => ({ text: `left filler${at} ` }))), target);
      assert.equal(await wordOf(target), 'left');
      const left = (await readdir(target)).filter((name) => name.endsWith('.data'));
      assert.equal(left.length, 1);
    }),
  );
});

test('processes share an index, and keep theirs when another one rebuilds it', async (t) => {
  const { target } = await built(t, [{ id: 'old', text: 'plums' }]);
  const { child, lines } = start('searchChild.ts', target);
  const ask = async (query: string) => {
    child.stdin.write(`${query}\n`);
    return JSON.parse((await lines.next()).value ?? '""');
  };
  assert.equal((await lines.next()).value, 'ready');
  await using own = await openIndex(target);
  assert.deepEqual(await ask('plums'), ['old']);
  assert.equal((await own.search('plums'))[0]?.id, 'old');
  await buildIndex(from([{ id: 'new', text: 'pears' }]), target);
  assert.deepEqual(await ask('plums pears'), ['old']);
  await using rebuilt = await openIndex(target);
  assert.equal((await rebuilt.search('plums pears'))[0]?.id, 'new');
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
