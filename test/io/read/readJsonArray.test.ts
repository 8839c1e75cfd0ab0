import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { InputError } from '../../../src/errors.js';
import { readJsonArray } from '../../../src/io/read/readJsonArray.js';
import { chunked, isOpen, outcome, workFolder } from '../support.js';

const records = [
  { id: 1, text: 'é中😀 } ] "' },
  {},
  { deep: [{ a: { b: [1.5e3, 0, true, null] } }] },
  's',
  42,
  null,
  [],
];

test('readJsonArray reads the elements of an array, pretty-printed or not, with or without a byte-order mark', async () => {
  for (const text of [
    JSON.stringify(records),
    JSON.stringify(records, null, 2),
    `\uFEFF \r\n${JSON.stringify(records)}\n`,
  ]) {
    assert.deepEqual((await outcome(() => readJsonArray(chunked([text])))).records, records);
  }
  assert.deepEqual(await outcome(() => readJsonArray(chunked([' [ ] ']))), {
    records: [],
    rejected: [],
    error: undefined,
  });
});

test('for any split into chunks the elements are those of JSON.parse', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue())),
      fc.nat(3),
      fc.array(fc.nat(1000), { maxLength: 8 }),
      async (values, indent, cuts) => {
        const text = JSON.stringify(values, null, indent);
        const bytes = Buffer.from(text);
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const parts = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
        assert.deepEqual((await outcome(() => readJsonArray(chunked(parts)))).records, JSON.parse(text));
      },
    ),
    { numRuns: 300 },
  );
});

test('a damaged or cut array yields the records before the damage, then an error with path and line', async (t) => {
  const work = await workFolder(t);
  const cases: [text: string, whole: number, line: number, what: RegExp][] = [
    ['[\n{"a":1},\n{"a":2},\n{"a":oops},\n{"a":4}]', 2, 4, /not JSON: expected a value/],
    ['[{"a":1},{"a":2} {"a":3}]', 2, 1, /not JSON: expected ','/],
    ['[{"a":1},\n{"a":2}', 2, 2, /ends before its array is closed/],
    ['[{"a":1},\n{"a":"cut o', 1, 2, /ends before its array is closed/],
    ['[{"a":1}]\n[{"a":2}]', 1, 1, /unexpected characters/],
    ['[{"a":1},]', 1, 1, /not JSON/],
    ['', 0, 1, /is empty/],
    ['  \n', 0, 1, /is empty/],
  ];
  for (const [text, whole, line, what] of cases) {
    const file = work('a.json');
    await writeFile(file, text);
    const result = await outcome(() => readJsonArray(file));
    assert.equal(result.records.length, whole, text);
    assert.ok(result.error instanceof InputError);
    assert.match(result.error.message, what);
    assert.deepEqual([result.error.path, result.error.line], [file, line], text);
    assert.ok(result.error.hint);
    assert.equal(isOpen(file), false);
  }
});

test('a file that is not an array is refused with a hint', async (t) => {
  const file = (await workFolder(t))('a.json');
  for (const [text, what] of [
    ['{\n "a": 1\n}', /is a JSON object, not an array/],
    ['"x"', /is not a JSON array/],
    ['hello', /is not a JSON array/],
  ] as const) {
    await writeFile(file, text);
    const { error } = await outcome(() => readJsonArray(file));
    assert.ok(error instanceof InputError);
    assert.match(error.message, what);
    assert.ok(error.hint);
  }
  await writeFile(file, gzipSync('[]'));
  assert.match(String((await outcome(() => readJsonArray(file))).error), /looks like gzip: name it .gz/);
});

test('bytes that are not UTF-8 end an array after the records before them', async () => {
  const bytes = Buffer.concat([Buffer.from('[{"a":1},\n{"a":"'), Buffer.from([0xe9]), Buffer.from('"}]')]);
  for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
    const result = await outcome(() => readJsonArray(chunked(chunks)));
    assert.deepEqual(result.records, [{ a: 1 }]);
    assert.match(String(result.error), /not UTF-8/);
  }
});

test('a break closes the file of an array', async (t) => {
  const file = (await workFolder(t))('a.json');
  await writeFile(file, JSON.stringify(Array(50_000).fill({ text: 'word' })));
  for await (const _ of readJsonArray(file)) break;
  assert.equal(isOpen(file), false);
});

test('an array of 40 MB is read in flat memory, without any brace too', async () => {
  const text = 'a few words here '.repeat(100);
  for (const element of [JSON.stringify({ text }), JSON.stringify(text)]) {
    const block = Buffer.from(`${element},\n`.repeat(200));
    function* source() {
      yield '[';
      for (let i = 0; i < 120; i++) yield Buffer.from(block);
      yield `${element}]`;
    }
    const before = process.memoryUsage().rss;
    let count = 0;
    for await (const _ of readJsonArray(Readable.from(source(), { objectMode: false }))) count++;
    assert.equal(count, 120 * 200 + 1);
    assert.ok(process.memoryUsage().rss - before < 150e6);
  }
});

test('a __proto__ key in an array is a plain key', async () => {
  const [record] = (await outcome(() => readJsonArray(chunked(['[{"__proto__":{"polluted":1}}]'])))).records;
  assert.deepEqual(Object.keys(record as object), ['__proto__']);
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
  assert.equal((record as { polluted?: unknown }).polluted, undefined);
});

test('a number beyond the range of a double ends the reading: JSON would write it as null', async () => {
  const { records, error } = await outcome(() =>
    readJsonArray(chunked(['[{"id": 1},\n{"id": 2, "a": [{"b": -1e999}]}]'])),
  );
  assert.deepEqual(records, [{ id: 1 }]);
  assert.ok(error instanceof InputError);
  assert.match(error.message, /element 1: a number is beyond the range of a double/);
  assert.equal(error.line, 2);
});

test('an element longer than maxLineBytes ends the reading, wherever it is cut', async () => {
  const whole = JSON.stringify(
    [{ id: 1 }, { id: 2, a: { b: ['}'] } }, { id: 3, text: 'x'.repeat(100) }, { id: 4 }],
    null,
    1,
  );
  for (const size of [1, 7, 64, whole.length]) {
    const parts = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    const { records, error } = await outcome(() => readJsonArray(chunked(parts), { maxLineBytes: 100 }));
    assert.deepEqual(records, [{ id: 1 }, { id: 2, a: { b: ['}'] } }], `pieces of ${size}`);
    assert.ok(error instanceof InputError);
    assert.match(error.message, /an element is longer than 100 bytes/);
    assert.match(String(error.hint), /--max-line-bytes/);
    assert.equal((await outcome(() => readJsonArray(chunked(parts), { maxLineBytes: 140 }))).records.length, 4);
  }
});

test('an element of 200 MB is not held in memory', async () => {
  function* source() {
    yield '[{"id": 1}, {"text": "';
    for (let i = 0; i < 200; i++) yield 'x'.repeat(2 ** 20);
    yield '"}]';
  }
  const before = process.memoryUsage().rss;
  const { records, error } = await outcome(() =>
    readJsonArray(Readable.from(source(), { objectMode: false }), { maxLineBytes: 2 ** 23 }),
  );
  assert.equal(records.length, 1);
  assert.match(String(error), /longer than 8388608 bytes/);
  assert.ok(process.memoryUsage().rss - before < 150e6);
});

test('numbers and texts beside one another in an array are not taken for one long element', async () => {
  const elements = [1, 'two', null, true];
  const text = JSON.stringify(Array(1000).fill(elements).flat());
  const { records, error } = await outcome(() => readJsonArray(chunked([text]), { maxLineBytes: 20 }));
  assert.equal(error, undefined);
  assert.equal(records.length, 4000);
});

test('an element nested more than 1000 levels deep ends the reading, with its number', async () => {
  const deep = `{"x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const { records, error } = await outcome(() => readJsonArray(chunked([`[{"id": 1},\n${deep}]`])));
  assert.deepEqual(records, [{ id: 1 }]);
  assert.ok(error instanceof InputError);
  assert.match(error.message, /element 1: nested more than 1000 levels deep/);
});
