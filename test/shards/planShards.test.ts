import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { UsageError } from '../../src/errors.js';
import type { Position } from '../../src/flow/resume.js';
import type { InputFormat } from '../../src/io/read/options.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import type { RecordStream } from '../../src/io/read/recordStream.js';
import type { Reject } from '../../src/record.js';
import { planShard, planShards, readShard, type Shard } from '../../src/shards/planShards.js';
import { workFolder } from '../io/support.js';

const nasty = path.resolve(import.meta.dirname, '../fixtures/nasty');
const nastyFiles = readdirSync(nasty).filter((name) => name !== 'MANIFEST.json');
/** All small numbers, and some of each size up to 64. */
const manyShards = [...Array.from({ length: 16 }, (_, index) => index + 1), 23, 31, 47, 63, 64];

type Options = { inputFormat?: InputFormat; maxLineBytes?: number };

/** Everything that a reader gives, in its order: records, bad lines with their numbers, and the error that ends it. */
async function itemsOf(open: (options: object) => RecordStream): Promise<string[]> {
  const items: string[] = [];
  const rejects = ({ reason, line, text, path: file }: Reject) => {
    items.push(`bad ${JSON.stringify([reason, line, text, file])}`);
  };
  try {
    for await (const record of open({ rejects, onNotice: () => {} })) items.push(JSON.stringify(record));
  } catch (error) {
    items.push(`error ${(error as Error).message}`);
  }
  return items;
}

async function itemsOfShards(shards: Shard[], options: Options): Promise<string[]> {
  const all: string[] = [];
  for (const shard of shards) all.push(...(await itemsOf((more) => readShard(shard, { ...options, ...more }))));
  return all;
}

/** Asserts that the shards, one after another, are the input. */
async function assertSplit(inputs: string | string[], counts: readonly number[], options: Options = {}): Promise<void> {
  const whole = await itemsOf((more) => readRecords(inputs, { ...options, ...more }));
  for (const n of counts) {
    const shards = await planShards(inputs, n, { ...options, onNotice: () => {} });
    assert.equal(shards.length, n);
    assert.deepEqual(await itemsOfShards(shards, options), whole, `${n} shards of ${[inputs].flat().join(', ')}`);
  }
}

test('no record and no bad line of a nasty file is in two shards or in none, and their lines are those of the file', async () => {
  for (const [index, name] of nastyFiles.entries()) {
    await assertSplit(path.join(nasty, name), [3 + (index % 11)]);
  }
});

/** Records of uneven lengths, with line breaks in their texts, and a record longer than a read. */
const records = Array.from({ length: 30 }, (_, id) => ({
  id: String(id),
  text: `${'word '.repeat((id * id) % 50)}"quoted",\nand "more" 中文 ${id === 17 ? 'x'.repeat(20_000) : ''}`,
}));
const jsonl = `${records.map((record) => JSON.stringify(record)).join('\n')}\n`;
const csv = `id,text\n${records.map(({ id, text }) => `${id},"${text.replaceAll('"', '""')}"`).join('\n')}\n`;

async function written(t: TestContext, name: string, content: string | Uint8Array): Promise<string> {
  const file = (await workFolder(t))(name);
  await writeFile(file, content);
  return file;
}

const short = records.map(({ id, text }) => ({ id, text: text.slice(0, 60) }));
const parquet = (rowGroupSize: number) =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: short.map(({ id }) => id) },
        { name: 'text', data: short.map(({ text }) => text) },
      ],
      rowGroupSize,
    }),
  );

const forms: Record<string, { content: string | Uint8Array; counts: readonly number[] }> = {
  'a.jsonl': { content: jsonl, counts: manyShards },
  'blank.jsonl': { content: `\n\n${jsonl.replaceAll('\n', '\n\n \r\n')}`, counts: manyShards },
  'cut.jsonl': { content: jsonl.slice(0, -9), counts: [2, 9, 64] },
  'a.jsonl.gz': { content: gzipSync(jsonl), counts: [1, 2, 5, 33, 64] },
  'members.jsonl.gz': {
    content: Buffer.concat([gzipSync(jsonl.slice(0, 999)), gzipSync(jsonl.slice(999))]),
    counts: [4, 31],
  },
  'cut.jsonl.gz': { content: gzipSync(jsonl).subarray(0, -40), counts: [3] },
  'a.csv': { content: csv, counts: [2, 5] },
  'a.csv.gz': { content: gzipSync(csv), counts: [6] },
  'bad.csv': { content: `${csv}one,two,three\n${csv.slice(8)}`, counts: [11] },
  'a.tsv': { content: short.map(({ id, text }) => `${id}\t${text.replace('\n', ' ')}`).join('\n'), counts: [7] },
  'a.json': { content: JSON.stringify(short, null, 1), counts: [1, 2, 5, 64] },
  'wrapped.json': { content: JSON.stringify({ data: short }), counts: [6] },
  'columns.json': { content: JSON.stringify({ id: [1, 2, 3], text: ['a', 'b', 'c'] }), counts: [5] },
  'damaged.json': { content: JSON.stringify(short).replace('"id":"20"', '"id":20"'), counts: [4, 40] },
  'a.md': { content: '# One\n\nA text\n', counts: [1, 4] },
  'groups.parquet': { content: parquet(7), counts: [1, 2, 4, 5, 6, 64] },
  'one.parquet': { content: parquet(1000), counts: [1, 3] },
};

for (const [name, { content, counts }] of Object.entries(forms)) {
  test(`the shards of ${name}, one after another, are the input`, async (t) => {
    await assertSplit(await written(t, name, content), counts);
  });
}

test('a shard is resumed at each of its positions', async (t) => {
  const work = await workFolder(t);
  for (const name of ['blank.jsonl', 'a.jsonl.gz', 'bad.csv', 'groups.parquet']) {
    await writeFile(work(name), forms[name]?.content ?? '');
    const shard = await planShard([work(name), work(name)], { index: 1, of: 3 });
    const positions: Position[] = [];
    const items = await itemsOf((more) =>
      readShard(shard, { ...more, onPosition: (position) => positions.push(position) }),
    );
    assert.ok(items.length > 5 && positions.length > 1, name);
    for (const from of positions) {
      const rest = await itemsOf((more) => readShard(shard, { ...more, resume: { from, seen: from } }));
      assert.deepEqual(rest, items.slice(from.ordinal), name);
    }
  }
});

test('the shards of many files of several forms, one after another, are the input', async (t) => {
  const work = await workFolder(t);
  const names = Object.keys(forms).filter((name) => !/damaged|cut/.test(name));
  for (const name of names) await writeFile(work(name), forms[name]?.content ?? '');
  await writeFile(work('empty.jsonl'), '');
  const files = ['empty.jsonl', ...names, 'empty.jsonl', 'a.jsonl', 'empty.jsonl'].map((name) => work(name));
  await assertSplit(files, [2, 17]);
});

test('the shards of a file packed by Zstandard, one after another, are the input', async () => {
  await assertSplit(path.resolve(nasty, '../field/two.jsonl.zst'), [2, 5]);
});

test('a form that is named decides what a record is in every shard', async (t) => {
  await assertSplit(await written(t, 'a.txt', jsonl), [1, 3, 9], { inputFormat: 'jsonl' });
  await assertSplit(await written(t, 'a.data', csv), [3], { inputFormat: 'csv' });
  await assertSplit(await written(t, 'long.jsonl', jsonl), [5], { maxLineBytes: 1000 });
});

test('shards of plain lines have about the same size, and are read without what is before them', async (t) => {
  const lines = Array.from({ length: 1000 }, (_, id) => JSON.stringify({ id, text: 'ten words' })).join('\n');
  const shards = await planShards(await written(t, 'a.jsonl', lines), 8);
  for (const shard of shards) {
    const { length } = await itemsOf((more) => readShard(shard, more));
    assert.ok(length >= 120 && length <= 131, `${length} records`);
    assert.deepEqual(shard.readThrough, []);
  }
});

test('a packed file is cut only if it is larger than a shard, and then says that it is read through', async (t) => {
  const work = await workFolder(t);
  const files = ['a', 'b', 'c', 'd'].map((name) => work(`${name}.jsonl.gz`));
  for (const file of files) await writeFile(file, gzipSync(jsonl));
  const three = await planShards(files, 3);
  assert.deepEqual(
    three.flatMap(({ parts }) => parts.map(({ path: file, slice }) => [file, slice])),
    files.map((file) => [file, undefined]),
  );
  const five = await planShards(files, 5);
  assert.deepEqual(five[0]?.readThrough, [files[0]]);
});

test('planShard gives the shard that planShards gives', async (t) => {
  const file = await written(t, 'a.jsonl.gz', gzipSync(jsonl));
  const all = await planShards(file, 5);
  for (const index of [0, 3, 4]) assert.deepEqual(await planShard(file, { index, of: 5 }), all[index]);
});

test('what can be read once and a number of shards that is not valid are refused', async () => {
  await assert.rejects(planShards('-', 4), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /^stdin can be read once, so it cannot be split/);
    return true;
  });
  await assert.rejects(planShards([], 0), /n must be a whole number >= 1, got 0/);
  await assert.rejects(planShard([], { index: 4, of: 4 }), /index must be < of, got 4 of 4/);
  await assert.rejects(planShards('no-such.jsonl', 2), /no such file/);
});
