import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { GrowingFile } from '../../../src/io/read/growingFile.js';
import { workFolder } from '../support.js';

async function linesOf(file: GrowingFile, from = 0, count?: number): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of file.lines(from, count)) lines.push('value' in line ? line.value : line.text);
  return lines;
}

test('reading starts at any line, without blank lines and with bad ones as they are', async (t) => {
  const at = (await workFolder(t))('a.jsonl');
  writeFileSync(at, '\n{"a":1}\n\n  \r\n{"a":2}\r\nno json\n[3]\n{"a":"四"}');
  const file = new GrowingFile(at);
  await file.follow();
  assert.equal(file.state.records, 5);
  assert.deepEqual(await linesOf(file), [{ a: 1 }, { a: 2 }, 'no json\n', [3], { a: '四' }]);
  assert.deepEqual(await linesOf(file, 3), [[3], { a: '四' }]);
  assert.deepEqual(await linesOf(file, 1, 1), [{ a: 2 }]);
  assert.deepEqual(await linesOf(file, 9), []);
  await file.close();
});

test('lines longer than a chunk, and many of them, are found at their offsets', async (t) => {
  const at = (await workFolder(t))('a.jsonl');
  const texts = Array.from(
    { length: 400 },
    (_, i) => `${i} ${'x'.repeat(i % 100 === 7 ? 2_500_000 : (i * 37) % 9000)}`,
  );
  writeFileSync(at, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const file = new GrowingFile(at);
  await file.follow();
  assert.equal(file.state.records, 400);
  assert.deepEqual(
    await linesOf(file),
    texts.map((text) => ({ text })),
  );
  for (const place of [0, 7, 8, 107, 399]) assert.deepEqual(await linesOf(file, place, 1), [{ text: texts[place] }]);
  await file.close();
});

test('a growing file is followed, an unfinished line waits for its end, and the .partial of a run is read before the file', async (t) => {
  const folder = await workFolder(t);
  const [at, partial] = [folder('a.jsonl'), folder('a.jsonl.partial')];
  writeFileSync(at, '{"old":1}\n');
  writeFileSync(partial, '{"a":1}\n{"a":');
  const file = new GrowingFile(at);
  await file.follow();
  assert.deepEqual([file.state.partial, await linesOf(file)], [true, [{ a: 1 }]]);
  appendFileSync(partial, '2}\n{"a":3}\n');
  await file.follow();
  assert.deepEqual(await linesOf(file), [{ a: 1 }, { a: 2 }, { a: 3 }]);
  renameSync(partial, at);
  await file.follow();
  assert.deepEqual([file.state.partial, file.state.generation, file.state.records], [false, 0, 3]);
  writeFileSync(partial, '{"b":1}\n');
  await file.follow();
  assert.deepEqual([file.state.generation, await linesOf(file)], [1, [{ b: 1 }]]);
  writeFileSync(partial, '');
  await file.follow();
  assert.deepEqual([file.state.generation, file.state.records], [2, 0]);
  await file.close();
});

test('a missing file is an error that says so', async (t) => {
  const at = (await workFolder(t))('none.jsonl');
  await assert.rejects(new GrowingFile(at).follow(), { name: 'InputError', message: `${at}: no such file` });
});
