import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import test from 'node:test';
import { openIndex } from '../../src/search/bm25Index.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { scriptArgs } from '../support/script.js';
import { built, from } from './helpers.js';

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(script: string, target: string): { child: Child; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [...scriptArgs(path.join(import.meta.dirname, script)), target], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

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
