import assert from 'node:assert/strict';
import { createReadStream, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Position } from '../../../src/flow/resume.js';
import type { ReadOptions } from '../../../src/io/read/options.js';
import { readJsonl } from '../../../src/io/read/readJsonl.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { range } from '../../support/sources.js';
import { workFolder } from '../../support/workFolder.js';

/** More than a chunk of a file, so that reading can resume after its beginning. */
const records = Array.from(range(3000), (n) => ({ n, text: `${n}: ${'tide '.repeat(40)}` }));
const lines = records.map((record) => `${JSON.stringify(record)}\n`);
const mixed = lines.map((line, n) => (n % 50 === 7 ? `not json ${n}\r\n\n` : line)).join('');

interface Item {
  ordinal: number;
  what: unknown;
}

/** Reads up to `limit` items, and returns the positions that were reported by then. */
async function read(open: (options: ReadOptions) => AsyncIterable<unknown>, options: ReadOptions = {}, limit = 1e9) {
  const items: Item[] = [];
  const positions: Position[] = [];
  const resume = options.resume;
  let ordinal = resume?.from.ordinal ?? 0;
  const source = open({
    ...options,
    rejects: ({ line }) => void items.push({ ordinal: ordinal++, what: `line ${line}` }),
    onPosition: (position) => void positions.push(position),
  });
  if (limit > 0) {
    for await (const what of source) {
      items.push({ ordinal: ordinal++, what });
      if (items.length >= limit) break;
    }
  }
  return { items, positions };
}

const forms: Record<string, { name: string; bytes: string | Buffer; seeks: boolean }> = {
  'JSON Lines with bad and blank ones': { name: 'a.jsonl', bytes: mixed, seeks: true },
  'JSON Lines under the name of an array': { name: 'a.json', bytes: lines.join(''), seeks: true },
  'a byte-order mark': { name: 'a.jsonl', bytes: `\uFEFF${mixed}`, seeks: true },
  'a last line without newline': { name: 'a.jsonl', bytes: mixed.trimEnd(), seeks: true },
  gzip: { name: 'a.jsonl.gz', bytes: gzipSync(mixed), seeks: false },
  'an array': { name: 'a.json', bytes: JSON.stringify(records, null, 1), seeks: false },
  'UTF-16': { name: 'a.jsonl', bytes: Buffer.from(`\uFEFF${mixed}`, 'utf16le'), seeks: false },
};

for (const [form, { name, bytes, seeks }] of Object.entries(forms)) {
  test(`reading resumes from any position that was reported: ${form}`, async (t) => {
    const file = path.join(workFolder(t), name);
    writeFileSync(file, bytes);
    const open = (options: ReadOptions) => readRecords([file, file], options);
    const whole = await read(open);
    for (const limit of [1, 700, 2999, 3500, 5000]) {
      const { positions } = await read(open, {}, limit);
      const [from, seen] = [positions.at(-1), positions.at(-1)] as [Position, Position];
      assert.ok(from.ordinal < limit);
      if (seeks && limit === 2999) assert.ok(from.ordinal > 1000, `from ${from.ordinal}`);
      if (limit > 3100) assert.ok(from.ordinal >= 3000, 'the first file is not read again');
      const rest = await read(open, { resume: { from: JSON.parse(JSON.stringify(from)), seen } });
      assert.deepEqual(rest.items, whole.items.slice(from.ordinal));
    }
  });
}

test('the part that was read must be the same when reading resumes; the rest may change', async (t) => {
  const file = path.join(workFolder(t), 'a.jsonl');
  const open = (options: ReadOptions) => readRecords(file, options);
  const all = lines.join('');
  writeFileSync(file, all);
  const { positions } = await read(open, {}, 2000);
  const [from, seen] = [positions.at(-1), positions.at(-1)] as [Position, Position];
  const resume = { from, seen };

  utimesSync(file, 1, 1);
  assert.equal((await read(open, { resume })).items.at(-1)?.ordinal, 2999, 'it was only touched');
  writeFileSync(file, `${all}${lines[0]}`);
  assert.equal((await read(open, { resume })).items.at(-1)?.ordinal, 3000, 'it has grown');
  writeFileSync(file, all.replace('5: tide', '5: TIDE'));
  await assert.rejects(read(open, { resume }), /a\.jsonl: the records that were read before are different now/);
  writeFileSync(file, all.slice(0, from.read - 1000));
  await assert.rejects(read(open, { resume }), /are shorter than before/);
});

test('a stream that is read again is checked before its end, and a different one is refused', async (t) => {
  const file = path.join(workFolder(t), 'a.jsonl');
  writeFileSync(file, lines.join(''));
  const open = (options: ReadOptions) => readJsonl(createReadStream(file, { highWaterMark: 1000 }), options);
  const { positions } = await read(open, {}, 100);
  const resume = { from: positions.at(-1) as Position, seen: positions.at(-1) as Position };
  assert.equal(resume.from.ordinal, 0);
  const other = (options: ReadOptions) => readJsonl(createReadStream(file, { highWaterMark: 777 }), options);
  assert.equal((await read(other, { resume })).items.length, 3000, 'in other chunks');
  writeFileSync(file, lines.join('').replace('50: tide', '50: TIDE'));
  await assert.rejects(read(open, { resume }), /are different now/);
  writeFileSync(file, lines.slice(0, 50).join(''));
  await assert.rejects(read(open, { resume }), /are shorter than before/);
});

test('a file that is cut or changed while it is read ends the reading with an error, before a half line is taken', async (t) => {
  const file = path.join(workFolder(t), 'a.jsonl');
  const all = lines.join('');
  // One is shorter than what was read by then, one is longer.
  const cuts = [100_000, 600_100].map((bytes) => all.slice(0, bytes));
  for (const after of [...cuts, all.replace('9: tide', '9: TIDE')]) {
    writeFileSync(file, all);
    utimesSync(file, 1, 1); // two writes within a tick of the kernel's clock have the same time
    const seen: unknown[] = [];
    const reading = (async () => {
      const options = { onPosition: () => {}, rejects: (reject: unknown) => void seen.push(reject) };
      for await (const _ of readRecords(file, options)) if (seen.push(0) === 500) writeFileSync(file, after);
    })();
    await assert.rejects(reading, /shorter than before|different now/);
    assert.ok(seen.every((one) => one === 0));
  }
});
