import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../../src/errors.js';
import type { Position } from '../../../src/flow/resume.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import type { DataRecord } from '../../../src/record.js';
import { lines, outcome, workFolder } from '../support.js';

const field = (name: string) => path.join(import.meta.dirname, '../../fixtures/field', name);

test('files of the field are read, with a remark if they are not one record a line', async () => {
  const cases: [file: string, ids: unknown[], remark?: RegExp][] = [
    ['corpora/docs.csv', ['1', '2']],
    ['corpora/hf_data.json', [0, 1, 2], /the list under its key "data" is read/],
    ['corpora/hf_columnar.json', [1, 2], /its rows are read/],
    ['retrieval/cols.json', ['a', 'b'], /its rows are read/],
    ['retrieval/wrap.json', ['a', 'b'], /"data"/],
    ['retrieval/collection.tsv', ['0', '1'], /read as id and text/],
    ['corpora/beir.jsonl', [undefined, undefined, undefined], /no key "id": reading "_id"/],
    ['corpora/contents.jsonl', ['d0', 'd1', 'd2'], /no key "text": reading "contents"/],
  ];
  for (const [file, ids, remark] of cases) {
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const options = { onNotice, expectedKeys: ['id', 'text'] };
    const { records, rejected, error } = await outcome((rejects) => readRecords(field(file), { ...options, rejects }));
    assert.deepEqual([records.map((record) => (record as DataRecord).id), rejected, error], [ids, [], undefined], file);
    assert.equal(notices.length, remark === undefined ? 0 : 1, file);
    if (remark !== undefined) assert.match(notices[0] ?? '', remark);
  }
});

test('bad lines of the field are rejected with the way to fix them', async () => {
  const cases: [file: string, count: number, advice: RegExp][] = [
    ['corpora/comma_lines.jsonl', 2, /comma after the record/],
    ['corpora/python_repr.jsonl', 2, /json\.dumps/],
    ['corpora/twoperline.jsonl', 1, /several records on one line/],
    ['retrieval/nan.jsonl', 3, /NaN and Infinity|json\.dumps/],
  ];
  for (const [file, count, advice] of cases) {
    const { rejected } = await outcome((rejects) => readRecords(field(file), { rejects }));
    assert.equal(rejected.length, count, file);
    for (const { reason } of rejected) assert.match(reason, advice);
  }
  const { records, error } = await outcome(() => readRecords(field('corpora/trailing_comma.jsonl')));
  assert.equal(records.length, 2);
  assert.match((error as InputError).hint ?? '', /remove the comma before the closing bracket/);
});

test('a text file is one document, unless it holds records', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('a.md'), '\uFEFF# Tides\n\n[a link](x)\n');
  await writeFile(work('b.txt'), '[{"id":1}]');
  await writeFile(work('c.txt'), '{"id":2}\n{"id":3}\n');
  await writeFile(work('d.txt.gz'), gzipSync('[12] A footnote.'));
  await writeFile(work('e.txt'), '{curly} braces');
  const files = ['a.md', 'b.txt', 'c.txt', 'd.txt.gz', 'e.txt'].map(work);
  const { records } = await outcome(() => readRecords(files));
  assert.deepEqual(records, [
    { id: work('a.md'), text: '# Tides\n\n[a link](x)\n' },
    { id: 1 },
    { id: 2 },
    { id: 3 },
    { id: work('d.txt'), text: '[12] A footnote.' },
    { id: work('e.txt'), text: '{curly} braces' },
  ]);
  const { rejected } = await outcome((rejects) => readRecords(work('a.md'), { maxLineBytes: 10, rejects }));
  assert.match(rejected[0]?.reason ?? '', /longer than 10 bytes/);
});

test('a JSON array is found by its first byte under any name', async (t) => {
  const work = await workFolder(t);
  for (const name of ['a.jsonl', 'noending', 'b.ndjson']) {
    await writeFile(work(name), JSON.stringify([{ id: 1 }, { id: 2 }], null, 2));
    assert.deepEqual((await outcome(() => readRecords(work(name)))).records, [{ id: 1 }, { id: 2 }]);
  }
});

test('a format that is not read is named with the command that converts it', async (t) => {
  const work = await workFolder(t);
  const tar = Buffer.alloc(1024);
  tar.write('ustar', 257);
  const cases: [name: string, content: Buffer | string, message: RegExp][] = [
    ['a.arrow', 'ARROW1\0\0', /an Arrow file.*Dataset\.from_file/],
    ['b.jsonl', 'ARROW1\0\0', /Arrow or Feather.*read_feather/],
    ['c.tar', tar, /a tar archive.*tar -xf/],
    ['d', tar, /a tar archive/],
    ['e.pkl', Buffer.from([0x80, 4, 0x95, 1]), /a pickle of Python.*read_pickle/],
    ['f.xlsx', 'PK\x03\x04', /an Excel sheet.*read_excel/],
    ['g.db', 'SQLite format 3\0', /SQLite.*sqlite3 -json/],
    ['h.tar.gz', gzipSync(tar), /a tar archive/],
    ['i.pdf', '%PDF-1.7\n', /a PDF.*pdftotext/],
  ];
  for (const [name, content, message] of cases) {
    await writeFile(work(name), content);
    const { error } = await outcome(() => readRecords(work(name)));
    assert.ok(error instanceof InputError, name);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|FILE/);
  }
});

test('inputFormat decides over the name', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('table.dat'), 'id,text\n1,a\n');
  const { records } = await outcome(() => readRecords(work('table.dat'), { inputFormat: 'csv' }));
  assert.deepEqual(records, [{ id: '1', text: 'a' }]);
  await writeFile(work('a.csv'), lines([{ id: 1 }]));
  assert.deepEqual((await outcome(() => readRecords(work('a.csv'), { inputFormat: 'jsonl' }))).records, [{ id: 1 }]);
});

test('reading a table resumes within it, with the columns of its header', async (t) => {
  const file = (await workFolder(t))('a.csv');
  const rows = Array.from({ length: 40_000 }, (_, row) => `${row},"a text, of\nrow ${row}"\n`);
  await writeFile(file, `id,text\n${rows.join('')}`);
  const positions: Position[] = [];
  const ids: unknown[] = [];
  for await (const { id } of readRecords(file, { onPosition: (position) => positions.push(position) })) ids.push(id);
  assert.equal(ids.length, 40_000);
  const from = positions.findLast(({ ordinal }) => ordinal > 0 && ordinal < 40_000) as Position;
  assert.ok((from as Position & { offset: number }).offset > 0);
  const rest: unknown[] = [];
  for await (const { id } of readRecords(file, { resume: { from, seen: from } })) rest.push(id);
  assert.deepEqual(rest, ids.slice(from.ordinal));
  assert.equal((await readFile(file)).length > 512 * 1024, true);
});

test('a file that grows while it is read gives a remark', async (t) => {
  const file = (await workFolder(t))('a.jsonl');
  await writeFile(file, lines([{ id: 1 }]));
  const notices: string[] = [];
  for await (const { id } of readRecords(file, { onNotice: (notice) => notices.push(notice) })) {
    if (id === 1) await appendFile(file, lines([{ id: 2 }]));
  }
  assert.match(notices.join(), /grew by 9 bytes while it was read/);
});
