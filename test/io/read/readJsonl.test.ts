import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { from } from 'ix/asynciterable';
import { take } from 'ix/asynciterable/operators';
import { InputError, UsageError } from '../../../src/errors.js';
import { readJsonl } from '../../../src/io/read/readJsonl.js';
import { chunked, isOpen, lines, outcome, workFolder } from '../support.js';

const many = Array.from({ length: 20_000 }, (_, id) => ({ id, text: `text ${id} é 中 😀` }));

test('readJsonl reads the records of a path, again at each iteration', async (t) => {
  const file = (await workFolder(t))('a.jsonl');
  await writeFile(file, lines(many));
  const source = readJsonl(file);
  for (let round = 0; round < 2; round++) assert.deepEqual((await outcome(() => source)).records, many);
  assert.equal(isOpen(file), false);
});

test('readJsonl opens nothing before it is iterated', async () => {
  const source = readJsonl('/nowhere/at-all.jsonl');
  await assert.rejects(async () => {
    for await (const _ of source);
  }, InputError);
});

test('readJsonl closes its file by the time a break is over', async (t) => {
  for (const name of ['a.jsonl', 'a.jsonl.gz']) {
    const file = (await workFolder(t))(name);
    await writeFile(file, name.endsWith('.gz') ? gzipSync(lines(many)) : lines(many));
    for await (const _ of readJsonl(file)) {
      assert.equal(isOpen(file), true);
      break;
    }
    assert.equal(isOpen(file), false);
    for await (const _ of from(readJsonl(file)).pipe(take(3)));
    assert.equal(isOpen(file), false);
  }
});

test('readJsonl ends with the reason of an abort and closes its file', async (t) => {
  const file = (await workFolder(t))('a.jsonl');
  await writeFile(file, lines(many));
  const reason = new Error('enough');
  const controller = new AbortController();
  let count = 0;
  await assert.rejects(async () => {
    for await (const _ of readJsonl(file, { signal: controller.signal })) if (++count === 5) controller.abort(reason);
  }, reason);
  assert.equal(count, 5);
  assert.equal(isOpen(file), false);
});

test('readJsonl ends an idle stream on abort, by its own signal or that of its iterator', async () => {
  for (const by of ['option', 'iterator']) {
    const stream = new PassThrough();
    const controller = new AbortController();
    const source = readJsonl(stream, by === 'option' ? { signal: controller.signal } : {});
    const iterator = source[Symbol.asyncIterator](by === 'iterator' ? controller.signal : undefined);
    const next = iterator.next();
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await assert.rejects(next, /enough/);
    assert.equal(stream.destroyed, true);
  }
});

test('the records and bad lines are the same for any split into chunks', async () => {
  const text = '\uFEFF{"a":"é中😀"}\r\n\r\n \n{"b":"\u2028"}\nbad\r\n"s"\n\uFEFF[1]\n{"c":"\\ud83d"}\r\n{"cut';
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0xc3])]);
  const expected = {
    records: [{ a: 'é中😀' }, { b: '\u2028' }, 's', [1], { c: '\ud83d' }],
    bad: [
      [5, 'bad'],
      [9, '{"cut\uFFFD'],
    ],
  };
  const read = async (chunks: Uint8Array[]) => {
    const { records, rejected } = await outcome((rejects) => readJsonl(chunked(chunks), { rejects }));
    return { records, bad: rejected.map(({ line, text }) => [line, text]) };
  };
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(await read([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
  }
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      assert.deepEqual(await read(edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))), expected);
    }),
    { numRuns: 200 },
  );
  assert.deepEqual(await read(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected);
});

test('a NUL before the first line costs that line alone', async () => {
  const { records, rejected } = await outcome((rejects) =>
    readJsonl(chunked(['\0{"id": 1}\n{"id": 2}\n{"id": 3}\n']), { rejects, onBadLine: 'reject' }),
  );
  assert.deepEqual(records, [{ id: 2 }, { id: 3 }]);
  assert.equal(rejected.length, 1);
});

test('UTF-16 of either byte order is read in any chunks, half surrogates kept', async () => {
  const records = [{ a: 'é中😀' }, { b: 'x' }];
  const little = Buffer.from(`\uFEFF${lines(records)}{"half":"\ud83d"}`, 'utf16le');
  for (const bytes of [little, Buffer.from(little).swap16(), little.subarray(2)]) {
    for (const size of [1, 3, 7, 1000]) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, i * size + size),
      );
      const result = await outcome(() => readJsonl(chunked(parts)));
      assert.deepEqual(result.records, [...records, { half: '\ud83d' }]);
    }
  }
});

test('a line of 20 MB is a record', async (t) => {
  const file = (await workFolder(t))('long.jsonl');
  await writeFile(file, lines([{ id: 1, text: 'x'.repeat(20e6) }, { id: 2 }]));
  const { records } = await outcome(() => readJsonl(file));
  assert.deepEqual(
    records.map((record) => (record as { id: number }).id),
    [1, 2],
  );
});

test('a line over the cap is rejected with its start and is not held in memory', async () => {
  function* source() {
    yield '{"id":1}\n{"text":"';
    for (let i = 0; i < 300; i++) yield Buffer.alloc(1024 * 1024, 'y');
    yield '"}\n{"id":2}\n';
  }
  const before = process.memoryUsage().rss;
  const { records, rejected } = await outcome((rejects) =>
    readJsonl(Readable.from(source(), { objectMode: false }), { rejects }),
  );
  assert.ok(process.memoryUsage().rss - before < 200e6);
  assert.deepEqual(records, [{ id: 1 }, { id: 2 }]);
  assert.equal(rejected[0]?.line, 2);
  assert.match(rejected[0]?.reason ?? '', /longer than 67108864 bytes/);
  assert.equal(rejected[0]?.text?.length, 2048);
  assert.ok(rejected[0]?.text?.startsWith('{"text":"yyy'));
});

test('the cap counts bytes, whether a line comes whole or in parts', async () => {
  const bytes = Buffer.from('"éé"\n"ééé"\n"é"\n');
  for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
    const { records, rejected } = await outcome((rejects) => readJsonl(chunked(chunks), { rejects, maxLineBytes: 6 }));
    assert.deepEqual(records, ['éé', 'é']);
    assert.deepEqual(
      rejected.map(({ line, text }) => [line, text]),
      [[2, '"ééé"']],
    );
  }
  assert.throws(() => readJsonl('x', { maxLineBytes: 0 }), UsageError);
});

test('onBadLine stop yields the records before the bad line, then an error with path and line', async (t) => {
  const file = (await workFolder(t))('a.jsonl');
  await writeFile(file, '{"a":1}\n\n{"a":\n{"a":2}\n');
  const { records, error } = await outcome(() => readJsonl(file, { onBadLine: 'stop' }));
  assert.deepEqual(records, [{ a: 1 }]);
  assert.ok(error instanceof InputError);
  assert.deepEqual([error.path, error.line], [file, 3]);
  assert.ok(error.message.startsWith(`${file}:3: not JSON: `));
  assert.ok(error.hint);
});

test('rejects are awaited, in the order of the lines', async () => {
  const order: string[] = [];
  const rejects = async ({ line }: { line?: number }) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    order.push(`bad ${line}`);
  };
  for await (const record of readJsonl(chunked(['1\nx\n2\ny\n3\n']), { rejects })) order.push(String(record));
  assert.deepEqual(order, ['1', 'bad 2', '2', 'bad 4', '3']);
});

test('a gzip of several members is one text', async (t) => {
  const file = (await workFolder(t))('a.jsonl.GZ');
  await writeFile(file, Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(':2}\n'), gzipSync(''), gzipSync('3')]));
  assert.deepEqual((await outcome(() => readJsonl(file))).records, [{ a: 1 }, { a: 2 }, 3]);
});

test('damaged gzip yields the records before the damage, then an error with a hint', async (t) => {
  const work = await workFolder(t);
  const packed = gzipSync(lines(many));
  const broken = Buffer.from(packed).fill(0xff, 60_000, 60_100);
  for (const [name, bytes, least, what] of [
    ['cut.jsonl.gz', packed.subarray(0, -3), many.length, /end too early/],
    ['half.jsonl.gz', packed.subarray(0, packed.length / 2), 5_000, /end too early/],
    ['broken.jsonl.gz', broken, 1_000, /damaged/],
    ['text.jsonl.gz', Buffer.from(lines(many)), 0, /damaged/],
  ] as const) {
    await writeFile(work(name), bytes);
    const { records, error } = await outcome((rejects) => readJsonl(work(name), { rejects }));
    assert.ok(error instanceof InputError, name);
    assert.match(error.message, what);
    assert.equal(error.path, work(name));
    assert.ok(error.hint);
    assert.ok(records.length >= least, `${name}: ${records.length}`);
    assert.deepEqual(records.slice(0, 1000), many.slice(0, Math.min(records.length, 1000)));
    assert.equal(isOpen(work(name)), false);
  }
});

test('a path that cannot be read is an error with path and hint', async (t) => {
  const work = await workFolder(t);
  await mkdir(work('folder.jsonl'));
  await writeFile(work('secret.jsonl'), '1\n');
  await chmod(work('secret.jsonl'), 0);
  const cases: [string, RegExp][] = [
    ['none.jsonl', /no such file/],
    ['folder.jsonl', /is a directory/],
  ];
  if (process.getuid?.() !== 0) cases.push(['secret.jsonl', /no permission/]);
  for (const [name, what] of cases) {
    const { error } = await outcome(() => readJsonl(work(name)));
    assert.ok(error instanceof InputError);
    assert.match(error.message, what);
    assert.equal(error.path, work(name));
    assert.ok(error.hint);
  }
});

test('a failing stream yields its records, then an InputError; one that was read already is refused', async () => {
  async function* source() {
    yield '{"a":1}\n{"a":2}\n';
    throw new Error('the line went dead');
  }
  const stream = Readable.from(source());
  const { records, error } = await outcome(() => readJsonl(stream));
  assert.deepEqual(records, [{ a: 1 }, { a: 2 }]);
  assert.ok(error instanceof InputError);
  assert.match(error.message, /the line went dead/);
  assert.match(String((await outcome(() => readJsonl(stream))).error), /has been read already/);
});

test('each line of a slow standard input is read as soon as it has come', async () => {
  const program = `
    import { readJsonl } from './src/io/read/readJsonl.js';
    for await (const record of readJsonl('-')) process.stdout.write(record.id + '\\n');
    process.stdout.write('end\\n');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  for (const id of [1, 2, 3]) {
    child.stdin.write(`{"id":${id}}\n{"half`);
    assert.equal((await once(child.stdout, 'data'))[0], `${id}\n`);
    child.stdin.write('":1, "id":"h"}\n');
    assert.equal((await once(child.stdout, 'data'))[0], 'h\n');
  }
  child.stdin.end();
  assert.equal((await once(child.stdout, 'data'))[0], 'end\n');
  await once(child, 'close');
});

test('onBytes rises with the records to the size of the file, also a gzipped one', async (t) => {
  const work = await workFolder(t);
  for (const [name, bytes] of [
    ['a.jsonl', Buffer.from(lines(many))],
    ['a.jsonl.gz', gzipSync(lines(many))],
  ] as const) {
    await writeFile(work(name), bytes);
    const seen: number[] = [];
    const onBytes = (bytesRead: number, totalBytes: number | undefined) => {
      assert.equal(totalBytes, bytes.length);
      seen.push(bytesRead);
    };
    await outcome(() => readJsonl(work(name), { onBytes }));
    assert.ok(seen.length >= many.length);
    assert.ok(seen.every((value, i) => i === 0 || value >= (seen[i - 1] ?? 0)));
    assert.ok(Math.abs((seen[many.length / 2] ?? 0) / bytes.length - 0.5) < 0.05);
    assert.ok((seen.at(-1) ?? 0) >= bytes.length - 8);
  }
});

test('memory stays flat over a file of 100 MB', async (t) => {
  const file = (await workFolder(t))('big.jsonl');
  const block = lines(Array.from({ length: 1000 }, (_, id) => ({ id, text: 'word '.repeat(200) })));
  await pipeline(Readable.from(Array(100).fill(block), { objectMode: false }), createWriteStream(file));
  const before = process.memoryUsage().rss;
  let count = 0;
  for await (const _ of readJsonl(file)) count++;
  assert.equal(count, 100_000);
  assert.ok(process.memoryUsage().rss - before < 150e6);
});

test('a number beyond the range of a double is rejected with its line: JSON would write it as null', async () => {
  const texts = [
    '{"id": 1, "n": 1.7e308}',
    '{"id": 2, "n": 1e999}',
    '{"a": [{"b": [0, -1e400]}]}',
    '1e999',
    '{"text": "1e999"}',
  ];
  const { records, rejected } = await outcome((rejects) => readJsonl(chunked([texts.join('\n')]), { rejects }));
  assert.deepEqual(records, [{ id: 1, n: 1.7e308 }, { text: '1e999' }]);
  assert.deepEqual(
    rejected.map(({ line, text }) => [line, text]),
    [2, 3, 4].map((line) => [line, texts[line - 1]]),
  );
  for (const { reason } of rejected) assert.match(reason, /beyond the range of a double/);
});

test('a record nested more than 1000 levels deep is rejected with its line before it is paid for', async () => {
  const nested = (open: string, close: string, levels: number) =>
    `{"x": ${open.repeat(levels)}1${close.repeat(levels)}}`;
  const texts = [
    nested('[', ']', 900),
    nested('[', ']', 1000),
    nested('{"a":', '}', 5000),
    nested('[{"a":', '}]', 200_000),
    '{"id": 5}',
  ];
  const { records, rejected } = await outcome((rejects) => readJsonl(chunked([texts.join('\n')]), { rejects }));
  assert.deepEqual([records.length, records[1]], [2, { id: 5 }]);
  assert.deepEqual(
    rejected.map(({ line }) => line),
    [2, 3, 4],
  );
  for (const { reason } of rejected) assert.match(reason, /nested more than 1000 levels deep: flatten it/);
});
