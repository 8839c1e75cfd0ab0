import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { OutputError } from '../../../src/errors.js';
import { writeJsonl } from '../../../src/io/write/writeJsonl.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { isOpen, lines, outcome, workFolder } from '../support.js';

const records: DataRecord[] = Array.from({ length: 5000 }, (_, id) => ({ id, text: `text ${id} é 😀` }));

async function* failing(count: number) {
  yield* records.slice(0, count);
  throw new Error('the source failed');
}

test('writeJsonl passes every record on and creates the target when the source is complete', async (t) => {
  const work = await workFolder(t);
  const out = from(records).pipe(writeJsonl(work('out.jsonl')));
  for (let round = 0; round < 2; round++) {
    assert.deepEqual((await outcome(() => out)).records, records);
    assert.equal(await readFile(work('out.jsonl'), 'utf8'), lines(records));
  }
  assert.deepEqual(await readdir(work('.')), ['out.jsonl']);
  assert.equal(isOpen(work('out.jsonl')), false);
});

test('writeJsonl keeps the type of its records', async (t) => {
  interface Document {
    id: number;
  }
  const documents: Document[] = [{ id: 1 }, { id: 2 }];
  const work = await workFolder(t);
  const ids: number[] = [];
  for await (const { id } of from(documents).pipe(writeJsonl(work('a.jsonl')))) ids.push(id);
  for await (const { id } of writeJsonl(work('b.jsonl'))(documents)) ids.push(id);
  assert.deepEqual(ids, [1, 2, 1, 2]);
});

test('an existing target stays untouched until the source is complete', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('out.jsonl'), 'old\n');
  for await (const _ of writeJsonl(work('out.jsonl'))(from(records))) {
    assert.equal(await readFile(work('out.jsonl'), 'utf8'), 'old\n');
    await readFile(work('out.jsonl.partial'));
    break;
  }
  assert.equal(await readFile(work('out.jsonl'), 'utf8'), 'old\n');
});

test('a stream that is left early keeps its whole lines in the .partial and reports how many', async (t) => {
  const work = await workFolder(t);
  const reported: unknown[] = [];
  const writer = (name: string) => writeJsonl(work(name), { onPartial: (...partial) => reported.push(partial) });

  for await (const record of writer('break')(from(records))) if (record.id === 2) break;
  assert.match(String((await outcome(() => writer('error')(failing(4)))).error), /the source failed/);
  const controller = new AbortController();
  const aborted = writer('abort')(from(records), { signal: controller.signal });
  await assert.rejects(async () => {
    for await (const record of aborted) if (record.id === 4) controller.abort(new Error('enough'));
  }, /enough/);

  assert.deepEqual(reported, [
    [work('break.partial'), 3],
    [work('error.partial'), 4],
    [work('abort.partial'), 5],
  ]);
  for (const [file, count] of reported as [string, number][]) {
    assert.equal(await readFile(file, 'utf8'), lines(records.slice(0, count)));
    assert.equal(isOpen(file), false);
  }
  assert.deepEqual((await readdir(work('.'))).length, 3);
});

test('a stream that is left before its first record leaves no file', async (t) => {
  const work = await workFolder(t);
  await outcome(() => writeJsonl(work('out.jsonl'))(failing(0)));
  assert.deepEqual(await readdir(work('.')), []);
});

test('a complete source without records creates an empty target', async (t) => {
  const work = await workFolder(t);
  await outcome(() => writeJsonl(work('out.jsonl'))(from([])));
  assert.equal(await readFile(work('out.jsonl'), 'utf8'), '');
});

test('an existing .partial, of another writer or an earlier run, is refused and untouched', async (t) => {
  const work = await workFolder(t);
  const first = writeJsonl(work('out.jsonl'))(from(records))[Symbol.asyncIterator]();
  await first.next();
  const { error, records: passed } = await outcome(() => writeJsonl(work('out.jsonl'))(from(records)));
  assert.ok(error instanceof OutputError);
  assert.equal(error.path, work('out.jsonl.partial'));
  assert.ok(error.hint);
  assert.deepEqual(passed, []);
  await first.return?.();
  assert.equal(await readFile(work('out.jsonl.partial'), 'utf8'), lines(records.slice(0, 1)));
});

test('a target that cannot be written is refused before the source is asked for anything', async (t) => {
  const work = await workFolder(t);
  await mkdir(work('folder'));
  await mkdir(work('locked'), { mode: 0o500 });
  const cases: [string, RegExp][] = [
    ['none/out.jsonl', /no such directory/],
    ['folder', /is a directory/],
    ['out.jsonl.gz', /this file is not written compressed/],
  ];
  if (process.getuid?.() !== 0) cases.push(['locked/out.jsonl', /no permission/]);
  for (const [name, what] of cases) {
    let asked = false;
    async function* source() {
      asked = true;
      yield {};
    }
    const { error } = await outcome(() => writeJsonl(work(name))(source()));
    assert.ok(error instanceof OutputError, name);
    assert.match(error.message, what);
    assert.ok(error.hint);
    assert.equal(asked, false);
  }
  await chmod(work('locked'), 0o700);
});

test('a symbolic link stays a link and its file keeps its permissions', async (t) => {
  const work = await workFolder(t);
  await writeFile(work('real.jsonl'), 'old\n', { mode: 0o640 });
  await symlink(work('real.jsonl'), work('link.jsonl'));
  await outcome(() => writeJsonl(work('link.jsonl'))(from(records)));
  assert.ok((await lstat(work('link.jsonl'))).isSymbolicLink());
  assert.equal((await lstat(work('real.jsonl'))).mode & 0o777, 0o640);
  assert.equal(await readFile(work('real.jsonl'), 'utf8'), lines(records));
});

test('a full disk is an error with a hint', async () => {
  const { error } = await outcome(() => writeJsonl('/dev/full')(from(records)));
  assert.ok(error instanceof OutputError);
  assert.match(error.message, /the disk is full/);
  assert.equal(error.closed, false);
  assert.ok(error.hint);
});

test('a record that JSON cannot hold is rejected and the stream continues', async (t) => {
  const work = await workFolder(t);
  const rejected: Reject[] = [];
  const deep = { x: JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) };
  const source = from<object>([{ id: 1 }, { id: 2n }, deep, { id: 3 }]);
  const out = writeJsonl(work('out.jsonl'))(source, { rejects: (reject) => void rejected.push(reject) });
  assert.deepEqual((await outcome(() => out)).records, [{ id: 1 }, { id: 3 }]);
  assert.equal(await readFile(work('out.jsonl'), 'utf8'), lines([{ id: 1 }, { id: 3 }]));
  assert.deepEqual(
    rejected.map(({ stage, record }) => [stage, record]),
    [
      ['write', { id: 2n }],
      ['write', deep],
    ],
  );
  assert.match(rejected[1]?.reason ?? '', /cannot be written as JSON: it is nested too deep/);
});

test('half surrogates and NUL become U+FFFD, as other readers refuse them', async (t) => {
  const work = await workFolder(t);
  await outcome(() => writeJsonl(work('out.jsonl'))(from([{ text: 'a\ud83d', more: ['\0'] }])));
  assert.equal(await readFile(work('out.jsonl'), 'utf8'), '{"text":"a\ufffd","more":["\ufffd"]}\n');
});

test('a slow Writable delays the source and is not ended', async () => {
  let written = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      setTimeout(() => {
        written += chunk.length;
        done();
      }, 2);
    },
  });
  let ahead = 0;
  let passed = 0;
  async function* source() {
    for (let i = 0; i < 300; i++) {
      const record = { text: 'x'.repeat(10_000) };
      passed += record.text.length;
      ahead = Math.max(ahead, passed - written);
      yield record;
    }
  }
  await outcome(() => writeJsonl(slow)(source()));
  assert.ok(ahead < 200_000, String(ahead));
  assert.ok(written > 3_000_000);
  assert.equal(slow.writable, true);
});

test('a Writable that closes is an error marked closed, even in the middle of a write', async () => {
  const stuck = new Writable({ write() {} });
  setTimeout(() => stuck.destroy(), 10);
  const { error } = await outcome(() => writeJsonl(stuck)(from(records)));
  assert.ok(error instanceof OutputError);
  assert.equal(error.closed, true);
});

test('an abort does not wait for a reader that has stopped reading', async () => {
  const stuck = new Writable({ write() {} });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 10);
  const out = writeJsonl(stuck)(from(records), { signal: controller.signal });
  assert.match(String((await outcome(() => out)).error), /enough/);
});

test('a record is written as soon as the stream is idle', async () => {
  const out = new PassThrough();
  let go = () => {};
  async function* source() {
    yield { id: 1 };
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    yield { id: 2 };
  }
  const done = outcome(() => writeJsonl(out)(source()));
  assert.equal(String((await once(out, 'data'))[0]), '{"id":1}\n');
  go();
  await done;
});

test('head -1 ends a writer to standard output with a closed OutputError', async () => {
  const program = `
    import { writeJsonl } from './src/io/write/writeJsonl.js';
    async function* source() { for (let id = 0; ; id++) yield { id, text: 'x'.repeat(1000) }; }
    try { for await (const _ of writeJsonl('-')(source())); }
    catch (error) { process.stderr.write(error.name + ' ' + error.closed); }`;
  const child = spawn('bash', [
    '-c',
    '"$0" --import tsx --input-type=module -e "$1" | head -1',
    process.execPath,
    program,
  ]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  assert.ok(stdout.startsWith('{"id":0,'));
  assert.equal(stdout.split('\n').length, 2);
  assert.equal(stderr, 'OutputError true');
});

test('a slow writer in a pipe writes each record at once', async () => {
  const program = `
    import { writeJsonl } from './src/io/write/writeJsonl.js';
    async function* source() {
      for await (const text of process.stdin) yield { id: Number(text) };
    }
    for await (const _ of writeJsonl('-')(source()));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for (const id of [1, 2, 3]) {
    child.stdin.write(String(id));
    assert.equal(String((await once(child.stdout, 'data'))[0]), `{"id":${id}}\n`);
  }
  child.stdin.end();
  await once(child, 'close');
});
