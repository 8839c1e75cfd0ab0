import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { openIndex } from '../../../src/search/bm25Index.js';
import { scriptArgs } from '../../support/script.js';
import { built } from '../helpers.js';

const run = promisify(execFile);
const child = path.join(import.meta.dirname, 'damageChild.ts');
const FLIPS = 60;
const records = Array.from({ length: 3000 }, (_, at) => ({
  id: `doc-${at}`,
  text: `common ${'pear '.repeat(at % 5)}word${at} word${at % 300} of the text ${at}`,
}));

test('a byte overwritten anywhere in an index is refused or harmless: no wrong answer, no crash', async (t) => {
  const { target } = await built(t, records);
  const index = await openIndex(target);
  await index.close();
  const names = (await readdir(target)).map((name) => path.join(target, name));
  // A process of its own: what is damaged must not end it by a signal.
  const { stdout } = await run(process.execPath, [...scriptArgs(child), target, String(FLIPS), ...names]);
  const { refused, harmless, wrong } = JSON.parse(stdout) as Record<'refused' | 'harmless' | 'wrong', string[]>;
  assert.deepEqual(wrong, []);
  assert.equal(refused.length + harmless.length, 2 * FLIPS);
  assert.ok(refused.length > FLIPS / 2, `${refused.length} of ${2 * FLIPS} were refused`);
});

test('a data file that was cut anywhere, or has bytes behind its end, is refused', async (t) => {
  const { target } = await built(t, records);
  const name = (await readdir(target)).find((file) => file.endsWith('.data')) ?? '';
  const file = path.join(target, name);
  const whole = await readFile(file);
  for (const size of [0, 1, 7, 8, 4096, whole.length - 1, whole.length + 1, whole.length + 16]) {
    await writeFile(file, Buffer.concat([whole, Buffer.alloc(16)]).subarray(0, size));
    await assert.rejects(openIndex(target), /damaged/);
  }
});
