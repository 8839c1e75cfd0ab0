import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { InputError } from '../../../src/errors.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { isOpen, outcome, workFolder } from '../support.js';

/** Two records, as `printf '{"id":1}\n{"id":2}\n' | zstd` packs them. */
const packed = Buffer.from('28b52ffd04589100007b226964223a317d0a7b226964223a327d0ae8238518', 'hex');
const records = [{ id: 1 }, { id: 2 }];

test('a .zst file is decompressed, also one of several frames, and closed', async (t) => {
  const file = (await workFolder(t))('corpus.jsonl.zst');
  await writeFile(file, Buffer.concat([packed, packed]));
  assert.deepEqual((await outcome(() => readRecords(file))).records, [...records, ...records]);
  assert.ok(!isOpen(file));
});

test('a .zst file that is cut off or damaged is an error after the records before it', async (t) => {
  const file = (await workFolder(t))('corpus.jsonl.zst');
  await writeFile(file, Buffer.concat([packed, packed.subarray(0, -3)]));
  const cut = await outcome(() => readRecords(file));
  assert.deepEqual(cut.records.slice(0, 2), records);
  assert.ok(cut.error instanceof InputError && /zstd data end too early/.test(cut.error.message));
  await writeFile(file, Buffer.concat([packed, Buffer.from('not a frame, and long enough to detect that')]));
  const damaged = await outcome(() => readRecords(file));
  assert.deepEqual(damaged.records, records);
  assert.ok(damaged.error instanceof InputError && /zstd data are damaged/.test(damaged.error.message));
});

test('zstd under another name is refused with the fix', async (t) => {
  const file = (await workFolder(t))('corpus.jsonl');
  await writeFile(file, packed);
  const { rejected } = await outcome((rejects) => readRecords(file, { rejects }));
  assert.match(rejected[0]?.reason ?? '', /looks like zstd: name it .zst/);
});
