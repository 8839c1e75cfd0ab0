import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { InputError } from '../../../src/errors.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { isOpen, lines, outcome, workFolder } from '../support.js';

const records = [{ id: 1 }, { id: 2 }];

test('readRecords reads each file as its name says, one after another', async (t) => {
  const work = await workFolder(t);
  const files: [string, string][] = [
    ['a.jsonl', lines(records)],
    ['b.ndjson', lines(records)],
    ['c.json', JSON.stringify(records, null, 2)],
    ['d.JSON', JSON.stringify(records)],
    ['e.txt', lines(records)],
    ['no ending', lines(records)],
  ];
  const paths: string[] = [];
  for (const [name, text] of files) {
    await writeFile(work(name), text);
    await writeFile(work(`${name}.gz`), gzipSync(text));
    paths.push(work(name), work(`${name}.gz`));
  }
  const source = readRecords(paths);
  const expected = paths.flatMap(() => records);
  assert.deepEqual((await outcome(() => source)).records, expected);
  assert.deepEqual((await outcome(() => source)).records, expected);
  assert.ok(paths.every((path) => !isOpen(path)));
});

test('a .json file that holds JSONL is read as JSONL', async (t) => {
  const work = await workFolder(t);
  const long = { text: 'x'.repeat(2_000_000) };
  for (const [text, expected] of [
    [lines(records), records],
    [`\uFEFF\n\r\n${lines(records)}`, records],
    ['{"one":1}', [{ one: 1 }]],
    [lines([long, long]), [long, long]],
  ] as const) {
    await writeFile(work('a.json'), text);
    assert.deepEqual((await outcome(() => readRecords(work('a.json')))).records, expected);
    await writeFile(work('utf16.json'), Buffer.from(`\uFEFF${text}`, 'utf16le'));
    assert.deepEqual((await outcome(() => readRecords(work('utf16.json')))).records, expected);
  }
});

test('a .json file that holds one object over several lines is an error with a hint', async (t) => {
  const file = (await workFolder(t))('a.json');
  await writeFile(file, JSON.stringify({ one: 1, two: records[0] }, null, 2));
  const { error } = await outcome(() => readRecords(file));
  assert.ok(error instanceof InputError);
  assert.match(error.message, /is a JSON object, not an array/);
  assert.ok(error.hint);
});

test('a missing path among several is found before the first record', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('a.jsonl'), lines(records));
  const result = await outcome(() => readRecords([work('a.jsonl'), work('none.jsonl')]));
  assert.deepEqual(result.records, []);
  assert.match(String(result.error), /none.jsonl: no such file/);
});

test('bad lines of several files are named by their own file and line', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('a.jsonl'), '1\nx\n');
  await writeFile(work('b.jsonl'), 'y\n2\n');
  const result = await outcome((rejects) => readRecords([work('a.jsonl'), work('b.jsonl')], { rejects }));
  assert.deepEqual(result.records, [1, 2]);
  assert.deepEqual(
    result.rejected.map(({ path, line }) => [path, line]),
    [
      [work('a.jsonl'), 2],
      [work('b.jsonl'), 1],
    ],
  );
});

test('onBytes counts over all files', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('a.jsonl'), lines(records));
  await writeFile(work('b.json'), JSON.stringify(records));
  const total = lines(records).length + JSON.stringify(records).length;
  let last: [number, number | undefined] = [0, 0];
  const onBytes = (bytesRead: number, totalBytes: number | undefined) => {
    last = [bytesRead, totalBytes];
  };
  await outcome(() => readRecords([work('a.jsonl'), work('b.json')], { onBytes }));
  assert.deepEqual(last, [total, total]);
});

test('a reader that is left early, or that refuses its input, leaves no listener on the signal', async (t) => {
  const work = await workFolder(t);
  const record = { text: 'x'.repeat(500) };
  await writeFile(work('a.jsonl'), lines(Array.from({ length: 5000 }, () => record)));
  await writeFile(work('a.json'), JSON.stringify(Array.from({ length: 5000 }, () => record)));
  await writeFile(work('a.jsonl.gz'), gzipSync(lines([record, record])));
  await writeFile(work('packed.jsonl'), gzipSync(lines([record])));
  const { signal } = new AbortController();
  for (const name of ['a.jsonl', 'a.json', 'a.jsonl.gz', 'packed.jsonl']) {
    for await (const _ of readRecords(work(name), { signal, rejects: () => {} })) break;
    assert.equal(getEventListeners(signal, 'abort').length, 0, name);
    assert.equal(isOpen(work(name)), false, name);
  }
});

test('an option that no reader has is refused with the name that was meant', () => {
  assert.throws(() => readRecords('a.jsonl', { onBadLines: 'stop' } as object), {
    name: 'UsageError',
    message: 'readRecords has no option "onBadLines"',
    hint: 'did you mean onBadLine?',
  });
});
