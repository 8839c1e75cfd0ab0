import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { InputError } from '../../../src/errors.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { unzstd, windowBytes } from '../../../src/io/read/unzstd.js';
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

test('windowBytes reads the size of the window from a frame header', () => {
  const frame = (...bytes: number[]) => Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes, ...new Array(16).fill(0)]);
  const cases: [number[], number][] = [
    [[0x00, 0x58], 2 ** 21],
    [[0x00, 0x88], 2 ** 27],
    [[0x00, 0x89], 2 ** 27 + 2 ** 24],
    [[0x00, 0xa8], 2 ** 31],
    [[0x20, 0x07], 7],
    [[0xa0, 0, 0, 0, 0x20], 2 ** 29],
  ];
  for (const [bytes, wanted] of cases) assert.equal(windowBytes(frame(...bytes)), wanted);
});

test('a window beyond 128 MiB is named with the command that reads it', async () => {
  const start = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8]), Buffer.alloc(20)]);
  async function* source() {
    yield start;
  }
  await assert.rejects(
    async () => {
      for await (const _ of unzstd(source(), 'a.zst')) break;
    },
    (error: InputError) => /2048 MiB/.test(error.message) && /zstd -dc --long=31 a\.zst/.test(error.hint ?? ''),
  );
});
