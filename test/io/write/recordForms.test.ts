import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { UsageError } from '../../../src/errors.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { formName, recordFormOf } from '../../../src/io/write/recordForm.js';
import { writeJsonl } from '../../../src/io/write/writeJsonl.js';
import { writeRecords } from '../../../src/io/write/writeRecords.js';
import type { DataRecord } from '../../../src/record.js';
import { duckdb } from '../../support/duckdb.js';
import { workFolder } from '../../support/workFolder.js';

/** Records whose keys, types and nesting differ, with all that a table finds hard. */
const records: DataRecord[] = [
  { id: 1, text: 'a "quoted", line\nand\tanother', score: 1, hard_negatives: ['x', 'y, "z"'], ok: true, mixed: 1 },
  { id: 2, text: '', score: 0.5, hard_negatives: [], ok: null, mixed: 'one', late: 'ä 😀' },
  {
    id: 9_007_199_254_740_991,
    text: ' spaces ',
    score: 1e21,
    mixed: [1],
    deep: { a: { b: [{ c: null }, { c: 'd' }] } },
  },
  { id: 4, text: '=1+1', hard_negatives: ['q'], constructor: 'own', deep: { a: null, n: 2 }, nothing: null, empty: {} },
];

const text = (value: unknown) =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);

const written = async (folder: string, name: string, source: DataRecord[] = records) => {
  const file = path.join(folder, name);
  const passed: DataRecord[] = [];
  for await (const record of from(source).pipe(writeRecords(file))) passed.push(record);
  assert.deepEqual(passed, source);
  return file;
};

const readBack = async (file: string) => {
  const found: DataRecord[] = [];
  for await (const record of readRecords(file)) found.push(record);
  return found;
};

const names = [
  ['out', 'JSON Lines'],
  ['out.jsonl', 'JSON Lines'],
  ['out.ndjson.gz', 'JSON Lines, gzipped'],
  ['out.JSONL.ZST', 'JSON Lines, compressed by Zstandard'],
  ['out.json', 'a JSON array'],
  ['out.json.gz', 'a JSON array, gzipped'],
  ['out.csv', 'CSV'],
  ['out.tsv.zst', 'TSV, compressed by Zstandard'],
  ['a.csv/out.parquet', 'Parquet'],
  ['out.zst', 'JSON Lines, compressed by Zstandard'],
] as const;

for (const [name, form] of names) {
  test(`the name ${name} asks for ${form}`, () => assert.equal(formName(recordFormOf(name)), form));
}

test('the name of a form that is not written is refused with those that are', () => {
  for (const name of ['out.parquet.gz', 'out.arrow', 'out.xlsx', 'out.jsonl.bz2']) {
    assert.throws(
      () => writeRecords(name),
      (error) => error instanceof UsageError && /\.parquet file/.test(error.hint ?? ''),
    );
  }
});

for (const name of ['out.jsonl', 'out.json', 'out.jsonl.gz', 'out.json.zst']) {
  test(`${name} reads back as the same records, and nothing else is left`, async (t) => {
    const folder = workFolder(t);
    assert.deepEqual(await readBack(await written(folder, name)), records);
    assert.deepEqual(readdirSync(folder), [name]);
  });
}

test('a JSON array is one for every reader, a record on each line', async (t) => {
  const file = await written(workFolder(t), 'out.json');
  const content = readFileSync(file, 'utf8');
  assert.deepEqual(JSON.parse(content), records);
  assert.equal(content.split('\n').length, records.length + 3);
});

for (const name of ['out.csv', 'out.tsv.zst']) {
  test(`${name} has one header for all records; lists and objects are their JSON`, async (t) => {
    const file = await written(workFolder(t), name);
    const keys = [...new Set(records.flatMap(Object.keys))];
    const expected = records.map((record) =>
      Object.fromEntries(keys.map((key) => [key, Object.hasOwn(record, key) ? (text(record[key]) ?? '') : ''])),
    );
    const found = await readBack(file);
    // Our reader reads lists of texts in such columns.
    for (const record of found) {
      if (Array.isArray(record.hard_negatives)) record.hard_negatives = JSON.stringify(record.hard_negatives);
    }
    assert.deepEqual(found, expected);
    const rows = await duckdb(`SELECT * FROM read_csv('${file}', all_varchar = true, header = true, nullstr = '')`);
    assert.deepEqual(
      rows.map((row) => keys.map((key) => row[key] ?? '')),
      expected.map((row) => keys.map((key) => row[key])),
    );
  });
}

test('parquet has a column for each key, typed by all records; values of several types are JSON', async (t) => {
  const file = await written(workFolder(t), 'out.parquet');
  const types = await duckdb(`DESCRIBE SELECT * FROM read_parquet('${file}')`);
  assert.deepEqual(Object.fromEntries(types.map(({ column_name, column_type }) => [column_name, column_type])), {
    ...{ id: 'BIGINT', text: 'VARCHAR', score: 'DOUBLE', hard_negatives: 'VARCHAR[]', ok: 'BOOLEAN', mixed: 'VARCHAR' },
    ...{ late: 'VARCHAR', deep: 'STRUCT(a STRUCT(b STRUCT(c VARCHAR)[]), n BIGINT)', constructor: 'VARCHAR' },
    ...{ nothing: 'VARCHAR', empty: 'VARCHAR' },
  });
  const [first, , third, fourth] = await readBack(file);
  assert.equal(first?.mixed, '1');
  assert.deepEqual(third?.deep, { a: { b: [{ c: null }, { c: 'd' }] }, n: null });
  assert.deepEqual(
    [third?.id, third?.score, third?.hard_negatives, third?.constructor],
    [2 ** 53 - 1, 1e21, null, null],
  );
  assert.deepEqual([fourth?.deep, fourth?.empty, fourth?.constructor], [{ a: null, n: 2 }, '{}', 'own']);
});

test('every form holds the rows of the JSON Lines, as DuckDB reads both', async (t) => {
  const folder = workFolder(t);
  const many = Array.from({ length: 800 }, (_, id) => ({
    ...{
      id,
      text: `text ${id} é "q", \n`,
      question: id % 3 === 0 ? null : `why ${id}?`,
      hard_negatives: [`a${id}`, 'b'],
    },
    ...{ score: id / 7, _rareflow: { doc2query: { model: id % 2 ? 'm' : 'n', attempts: 1, cached: id % 5 === 0 } } },
  }));
  const jsonl = `read_json('${await written(folder, 'out.jsonl', many)}', sample_size = -1)`;
  for (const name of ['out.parquet', 'out.json', 'out.jsonl.gz', 'out.jsonl.zst']) {
    const file = await written(folder, name, many);
    const other = name.endsWith('parquet') ? `read_parquet('${file}')` : `read_json('${file}', sample_size = -1)`;
    const [row] = await duckdb(
      `SELECT (SELECT count(*) FROM ((FROM ${jsonl}) EXCEPT ALL (FROM ${other})))::INTEGER AS lost,
              (SELECT count(*) FROM ((FROM ${other}) EXCEPT ALL (FROM ${jsonl})))::INTEGER AS other`,
    );
    assert.deepEqual({ name, ...row }, { name, lost: 0, other: 0 });
  }
  const csv = await written(folder, 'out.csv', many);
  const [row] = await duckdb(
    `CREATE TABLE a AS SELECT id::VARCHAR, text, question, to_json(hard_negatives)::VARCHAR, to_json(_rareflow)::VARCHAR FROM ${jsonl}`,
    `CREATE TABLE b AS SELECT id, text, question, hard_negatives, _rareflow FROM read_csv('${csv}', all_varchar = true)`,
    'SELECT (SELECT count(*) FROM (FROM a EXCEPT ALL FROM b))::INTEGER AS lost, (SELECT count(*) FROM b)::INTEGER AS n',
  );
  assert.deepEqual(row, { lost: 0, n: 800 });
});

const noZstd = spawnSync('zstd', ['--version']).error && 'apt-get install zstd';

test('a .zst is one frame, which the zstd command reads', { skip: noZstd }, async (t) => {
  const file = await written(workFolder(t), 'out.jsonl.zst');
  const content = spawnSync('zstd', ['-dc', file], { encoding: 'utf8' }).stdout;
  assert.equal(content, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  assert.match(spawnSync('zstd', ['-l', file], { encoding: 'utf8' }).stdout, /^\s+1 /m);
});

test('two .zst files may be written at the same time', async (t) => {
  const folder = workFolder(t);
  const many = Array.from({ length: 4000 }, (_, n) => ({ n, text: `text ${n * 7919}` }));
  const files = await Promise.all(['a.jsonl.zst', 'b.json.zst'].map((name) => written(folder, name, many)));
  for (const file of files) assert.deepEqual(await readBack(file), many);
});

test('a stream that is left early keeps its records as JSON Lines and touches nothing else', async (t) => {
  const folder = workFolder(t);
  const file = path.join(folder, 'out.parquet');
  writeFileSync(file, 'old');
  const kept: unknown[] = [];
  for await (const _ of writeRecords(file, { onPartial: (...partial) => kept.push(partial) })(from(records))) break;
  assert.deepEqual(kept, [[`${file}.records.jsonl.partial`, 1]]);
  assert.equal(readFileSync(file, 'utf8'), 'old');
});

test('an output that another run is writing is refused before the first record is asked for', async (t) => {
  const file = path.join(workFolder(t), 'out.csv');
  writeFileSync(`${file}.partial`, 'theirs');
  const source = { [Symbol.asyncIterator]: () => assert.fail('the source was asked') };
  await assert.rejects(async () => {
    for await (const _ of writeRecords(file)(source as AsyncIterable<DataRecord>));
  }, /exists already/);
  assert.equal(readFileSync(`${file}.partial`, 'utf8'), 'theirs');
});

test('writeJsonl points to writeRecords for a packed file', async (t) => {
  const file = path.join(workFolder(t), 'out.jsonl.zst');
  await assert.rejects(async () => {
    for await (const _ of writeJsonl(file)(from(records)));
  }, /not written compressed/);
  assert.ok(!existsSync(file));
});
