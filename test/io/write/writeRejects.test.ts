import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { OutputError } from '../../../src/errors.js';
import { writeRejects } from '../../../src/io/write/writeRejects.js';
import { lines, workFolder } from '../support.js';

test('writeRejects creates its file at the first reject and writes each line at once', async (t) => {
  const file = (await workFolder(t))('rejects.jsonl');
  const out = writeRejects(file);
  assert.equal(existsSync(file), false);
  const rejects = [1, 2].map((line) => ({ stage: 'read', reason: 'not JSON', path: 'a.jsonl', line, text: 'x' }));
  for (const [i, reject] of rejects.entries()) {
    await out.rejects(reject);
    assert.equal(readFileSync(file, 'utf8'), lines(rejects.slice(0, i + 1)));
    assert.equal(out.count, i + 1);
  }
  out.close();
  out.close();
});

test('writeRejects never touches a file that holds something', async (t) => {
  const file = (await workFolder(t))('rejects.jsonl');
  writeFileSync(file, 'old\n');
  assert.throws(
    () => writeRejects(file),
    (error: unknown) =>
      error instanceof OutputError && /exists already/.test(error.message) && error.hint !== undefined,
  );
  assert.equal(readFileSync(file, 'utf8'), 'old\n');
});

test('a reject whose record JSON cannot hold is written without it', async (t) => {
  const file = (await workFolder(t))('rejects.jsonl');
  const out = writeRejects(file);
  await out.rejects({ stage: 'write', reason: 'a BigInt', record: { id: 1n } });
  out.close();
  assert.equal(readFileSync(file, 'utf8'), '{"stage":"write","reason":"a BigInt"}\n');
});

test('a rejects file that cannot be written is refused at the start, a full disk when it is full', async (t) => {
  const work = await workFolder(t);
  assert.throws(() => writeRejects(work('none/rejects.jsonl')), OutputError);
  const full = writeRejects('/dev/full');
  assert.throws(() => full.rejects({ stage: 'read', reason: 'x' }), /disk is full/);
  full.close();
});
