import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { InputError } from '../../../src/errors.js';
import { decimalText, durationText, parquetRows } from '../../../src/io/parse/parquetTypes.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import type { DataRecord } from '../../../src/record.js';
import { duckdb } from '../../support/duckdb.js';
import { isOpen, outcome, workFolder } from '../support.js';

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

async function parquetFile(t: TestContext, columnData: Columns, options: object = {}): Promise<string> {
  const file = (await workFolder(t))('corpus.parquet');
  await writeFile(file, Buffer.from(parquetWriteBuffer({ columnData, ...options })));
  return file;
}

const numbered = (count: number): Columns => [
  { name: 'id', data: Array.from({ length: count }, (_, i) => `d${i}`), type: 'STRING' },
  { name: 'text', data: Array.from({ length: count }, (_, i) => `Text ${i}, Grüße 中文 😀`), type: 'STRING' },
];

test('parquet rows come in order, over several row groups, and the file is closed', async (t) => {
  const file = await parquetFile(t, numbered(10_000), { rowGroupSize: 3000 });
  const { records, error } = await outcome(() => readRecords(file));
  assert.equal(error, undefined);
  assert.equal(records.length, 10_000);
  assert.deepEqual(records[9999], { id: 'd9999', text: 'Text 9999, Grüße 中文 😀' });
  assert.ok(!isOpen(file));
});

test('values that JSON cannot hold are converted', async (t) => {
  const file = await parquetFile(t, [
    { name: 'small', data: [7n], type: 'INT64' },
    { name: 'large', data: [2n ** 60n], type: 'INT64' },
    { name: 'when', data: [new Date('2026-01-02T03:04:05Z')], type: 'TIMESTAMP' },
    { name: 'tags', data: [['a', 'b']], type: 'JSON' },
    { name: 'none', data: [null], type: 'STRING', nullable: true },
  ]);
  const { records } = await outcome(() => readRecords(file));
  assert.deepEqual(JSON.parse(JSON.stringify(records)), [
    { small: 7, large: String(2n ** 60n), when: '2026-01-02T03:04:05.000Z', tags: ['a', 'b'], none: null },
  ]);
});

test('leaving early closes the file, and onBytes reports how far the reading is', async (t) => {
  const file = await parquetFile(t, numbered(5000), { rowGroupSize: 1000 });
  const read: number[] = [];
  let total: number | undefined;
  const source = readRecords(file, {
    onBytes: (bytes, of) => {
      read.push(bytes);
      total = of;
    },
  });
  let seen = 0;
  for await (const _ of source) if (++seen === 1500) break;
  assert.equal(total, (await readFile(file)).length);
  assert.ok(read.length >= 1000 && read.every((bytes, i) => i === 0 || bytes >= (read[i - 1] ?? 0)));
  assert.ok(!isOpen(file));
});

test('a file that is damaged, cut off or not parquet is an error that says so', async (t) => {
  const file = await parquetFile(t, numbered(5000), { rowGroupSize: 1000 });
  const whole = await readFile(file);
  await writeFile(file, whole.subarray(0, -100));
  const cut = await outcome(() => readRecords(file));
  assert.ok(cut.error instanceof InputError && /parquet: its footer cannot be read/.test(cut.error.message));
  await writeFile(file, Buffer.concat([whole.subarray(0, 4), Buffer.alloc(2000), whole.subarray(2004)]));
  const damaged = await outcome(() => readRecords(file));
  assert.ok(damaged.error instanceof InputError && /rows 1 to \d+ cannot be read/.test(damaged.error.message));
  assert.ok(!isOpen(file));
});

test('a file with a damaged page and a column that its schema does not have is one error, and no other is left unhandled', async (t) => {
  const file = await parquetFile(t, numbered(600));
  const whole = await readFile(file);
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  let found = 0;
  for (let at = whole.indexOf('text'); at >= 0; at = whole.indexOf('text', at + 1)) {
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 20, 60).write('tdxt', at);
    await writeFile(file, damaged);
    const { error } = await outcome(() => readRecords(file));
    assert.ok(error instanceof InputError);
    if (/its schema has no column "t[de]xt"/.test(error.message)) found += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(found > 0);
  assert.deepEqual(unhandled, []);
});

test('parquet under another name is refused with the fix', async (t) => {
  const file = await parquetFile(t, numbered(3));
  const work = await workFolder(t);
  await writeFile(work('corpus.jsonl'), await readFile(file));
  const { rejected } = await outcome((rejects) => readRecords(work('corpus.jsonl'), { rejects }));
  assert.match(rejected[0]?.reason ?? '', /looks like parquet: name it .parquet/);
  const missing = await outcome(() => readRecords(work('absent.parquet')));
  assert.match(String(missing.error), /no such file/);
});

const field = (name: string) => path.join(import.meta.dirname, '../../fixtures/field/retrieval', name);

test('times and intervals of DuckDB are strings, and null lists stay null', async () => {
  const { records: times } = await outcome(() => readRecords(field('times.parquet')));
  const { id: _id, text: _text, ...first } = times[0] as DataRecord;
  assert.deepEqual(
    Object.values(first).map((value) => typeof value),
    Array(7).fill('string'),
  );
  assert.match(String(first.t), /^\d\d:\d\d:\d\d/);
  assert.match(String(first.iv), /^P/);
  const { records: lists } = await outcome(() => readRecords(field('lists.parquet')));
  const [row] = lists as DataRecord[];
  assert.deepEqual([row?.neg, row?.e], [null, []]);
});

/** A type of DuckDB, and what is read of it. */
const exotic: [sql: string, read: unknown][] = [
  ["'99999999999999999999999999999999999999'::DECIMAL(38, 0)", '99999999999999999999999999999999999999'],
  ["'-0.001'::DECIMAL(4, 3)", '-0.001'],
  // DuckDB itself rounds HUGEINT as it writes parquet; as a decimal it is exact.
  ['170141183460469231731687303715884105727::HUGEINT', 2 ** 127],
  ['12345678901234567890123456789::HUGEINT::DECIMAL(38, 0)', '12345678901234567890123456789'],
  ['18446744073709551615::UBIGINT', '18446744073709551615'],
  ['4294967295::UINTEGER', 4_294_967_295],
  ['(-128)::TINYINT', -128],
  ["'5f0b5c4e-6a51-4c0a-9d0e-0123456789ab'::UUID", '5f0b5c4e-6a51-4c0a-9d0e-0123456789ab'],
  ["'happy'::ENUM('sad', 'happy')", 'happy'],
  ["'12:34:56.789012'::TIME", '12:34:56.789012'],
  ["'2026-11-28 12:34:56.123456789'::TIMESTAMP_NS", '2026-11-28T12:34:56.123456789Z'],
  ["'2026-11-28 12:34:56+02'::TIMESTAMPTZ", '2026-11-28T10:34:56.000Z'],
  ["'0044-03-15 (BC)'::DATE", '-000043-03-15T00:00:00.000Z'],
  ["INTERVAL '1 year 2 months 3 days 4.5 seconds'", 'P1Y2M3DT4.5S'],
  ["'\\xAA\\x00'::BLOB", Buffer.from([0xaa, 0]).toString('base64')],
  ["'Gr\\xC3\\xBC\\xC3\\x9Fe'::BLOB", 'Grüße'],
  ["'10101'::BIT", '10101'],
  ["MAP {'a': 1, 'b': NULL}", { a: 1, b: null }],
  ["MAP {1: ['x']}", { 1: ['x'] }],
  ["{'a': 1, 'b': [NULL, 2]}", { a: 1, b: [null, 2] }],
  ['[[1], [NULL], NULL, []]', [[1], [null], null, []]],
  ['[1.5, 2.5]::DOUBLE[2]', [1.5, 2.5]],
  ['\'{"k": [1]}\'::JSON', { k: [1] }],
  ["'NaN'::DOUBLE", null],
];

test('every type that DuckDB writes is read exactly, or as JSON comes nearest to it', async (t) => {
  const file = (await workFolder(t))('types.parquet');
  const columns = exotic.map(([sql], index) => `${sql} AS c${index}`);
  await duckdb(`COPY (SELECT ${columns.join(', ')}) TO '${file}' (FORMAT parquet)`);
  const { records } = await outcome(() => readRecords(file));
  const read = JSON.parse(JSON.stringify(records[0]));
  for (const [index, [sql, value]] of exotic.entries()) assert.deepEqual(read[`c${index}`], value, sql);
});

test('decimals are exact strings, in every physical type and within lists', () => {
  const decimal = (type: string, name: string) => ({ name, type, converted_type: 'DECIMAL', scale: 2 });
  const schema = [
    { name: 'root', num_children: 5 },
    ...[decimal('INT32', 'a'), decimal('INT64', 'b'), decimal('FIXED_LEN_BYTE_ARRAY', 'c'), decimal('BYTE_ARRAY', 'd')],
    ...[
      { name: 'e', num_children: 1, converted_type: 'LIST' },
      { name: 'list', num_children: 1 },
    ],
    decimal('INT32', 'element'),
  ];
  const { metadata, toJson } = parquetRows({ schema } as never);
  const large = Buffer.from('0de0b6b3a7640001'.padStart(32, '0'), 'hex');
  const row = { a: -1234, b: 10n ** 17n + 1n, c: new Uint8Array(16).fill(0xff), d: large, e: [[1, null]].flat() };
  assert.deepEqual(toJson(row), {
    ...{ a: '-12.34', b: '1000000000000000.01', c: '-0.01', d: '10000000000000000.01' },
    e: ['0.01', null],
  });
  // They are read raw, also those whose bytes would be read as text.
  assert.deepEqual(
    metadata.schema.map(({ converted_type }) => converted_type === 'DECIMAL'),
    schema.map(() => false),
  );
  assert.equal(metadata.schema[4]?.logical_type?.type, 'GEOMETRY');
});

test('decimalText and durationText write exact values', () => {
  assert.equal(decimalText(5, 3), '0.005');
  assert.equal(decimalText(-5n, 0), '-5');
  assert.equal(decimalText(new Uint8Array(), 2), '0.00');
  const interval = Buffer.alloc(12);
  assert.equal(durationText(interval), 'PT0S');
  interval.writeUInt32LE(14, 0);
  interval.writeUInt32LE(3, 4);
  interval.writeUInt32LE(4500, 8);
  assert.equal(durationText(interval), 'P1Y2M3DT4.5S');
});
