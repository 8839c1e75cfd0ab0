import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Index } from 'flexsearch';
import { IndexError, UsageError } from '../../../src/errors.js';
import { readJsonl } from '../../../src/io/read/readJsonl.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { bm25Options } from '../../../src/search/flexsearch/options.js';
import { Bm25Storage } from '../../../src/search/flexsearch/storage.js';
import { verifyIndex } from '../../../src/search/format/verifyIndex.js';
import { type BuildOptions, buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { from, workFolder } from '../helpers.js';

const ignored = { rejects: () => {} };

async function builtOf(t: TestContext, files: Record<string, string | Uint8Array>, options: BuildOptions = {}) {
  const folder = await workFolder(t);
  const paths = Object.keys(files).map((name) => path.join(folder, name));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  const target = path.join(folder, 'corpus.bm25');
  const records = readRecords(paths, { places: true, ...ignored });
  await buildIndex(records, target, { store: false, ...ignored, ...options });
  return { target, paths };
}

/** CRLF, blank and bad lines, a byte order mark, letters of many bytes, escapes, and a last line without its newline. */
const nastyLines =
  '\uFEFF{"text":"plums first"}\r\n\n  \nnot json\n{"text":""}\n{"text":"pläums 梅 \\ud83c\\udf51 plums"}\r\n{"text":"plums \\ud800 last"}';

test('store: false reads every text back from its line', async (t) => {
  const long = Array.from(
    { length: 3000 },
    (_, at) => `{"id":"x${at}","text":"plums ${'word '.repeat(at % 90)}${at}"}\n`,
  );
  const { target } = await builtOf(t, { 'a.jsonl': nastyLines, 'b.jsonl': long.join('') }, { memoryMb: 0.5 });
  await using index = await openIndex(target);
  assert.equal(index.docCount, 3003);
  assert.deepEqual(
    [0, 1, 2].map((docId) => index.text(docId)),
    ['plums first', 'pläums 梅 🍑 plums', 'plums \ud800 last'],
  );
  for (let at = 0; at < 3000; at++) assert.equal(index.text(3 + at), `plums ${'word '.repeat(at % 90)}${at}`);
  assert.equal((await verifyIndex(target)).docs, 3003);
});

test('store: false keeps no text in the index', async (t) => {
  const { target } = await builtOf(t, { 'a.jsonl': `{"text":"plums and ${'secretword '.repeat(9)}"}\n` });
  const { data } = JSON.parse(await readFile(path.join(target, 'index.json'), 'utf8'));
  assert.equal((await readFile(path.join(target, data))).includes('secretword secretword'), false);
});

test('an index is refused when the file of its texts has grown, was written to, or is gone', async (t) => {
  const { target, paths } = await builtOf(t, { 'a.jsonl': '{"text":"plums"}\n' });
  const [file] = paths as [string];
  const refused = (what: RegExp) =>
    assert.rejects(openIndex(target), (error) => error instanceof IndexError && what.test(error.message));
  const { atimeMs, mtimeMs } = await stat(file);
  await utimes(file, atimeMs / 1000, mtimeMs / 1000 + 5);
  await refused(/a\.jsonl, which has changed since: it was written to again/);
  await appendFile(file, '{"text":"pears"}\n');
  await refused(/it has 34 bytes instead of 17/);
  await rename(file, `${file}.moved`);
  await refused(/a\.jsonl, which cannot be opened/);
});

test('a file that changed in secret, its size and time as they were, gives an error and no wrong text', async (t) => {
  const lines = ['plums', 'pears', 'dates'].map((word) => `{"text":"${word}"}\n`);
  const { target, paths } = await builtOf(t, { 'a.jsonl': lines.join('') });
  const [file] = paths as [string];
  const { atime, mtime, mtimeMs } = await stat(file);
  await using index = await openIndex(target);
  await writeFile(file, lines.join('').replace('pears', 'peers'));
  await utimes(file, atime, mtime);
  assert.equal(index.text(0), 'plums');
  assert.throws(() => index.text(1), /at byte 17 it holds another text/);
  assert.equal(index.text(2), 'dates');
  if ((await stat(file)).mtimeMs !== mtimeMs) return; // the file system keeps finer times than utimes can set
  await assert.rejects(verifyIndex(target), IndexError);
});

test('store: false is refused for a source whose lines cannot be read again, with the fix', async (t) => {
  const folder = await workFolder(t);
  const line = '{"text":"plums"}\n';
  const inputs: [name: string, content: string | Uint8Array][] = [
    ['a.jsonl.gz', gzipSync(line)],
    ['a.json', `[${line}]`],
    ['utf16.jsonl', Buffer.from(`\uFEFF${line}`, 'utf16le')],
  ];
  const refusal = (error: unknown) => error instanceof UsageError && /store the texts/.test(error.hint ?? '');
  for (const [name, content] of inputs) {
    const file = path.join(folder, name);
    await writeFile(file, content);
    const records = readRecords(file, { places: true });
    await assert.rejects(buildIndex(records, path.join(folder, 'x'), { store: false }), refusal, name);
  }
  await assert.rejects(buildIndex(readJsonl('-', { places: true }), path.join(folder, 'x'), { store: false }), refusal);
  await assert.rejects(buildIndex(from([{ text: 'plums' }]), path.join(folder, 'x'), { store: false }), refusal);
});

test('commits of FlexSearch keep the offsets of the documents that stay', async (t) => {
  const { target } = await builtOf(t, { 'a.jsonl': '{"id":"a","text":"plums"}\n{"id":"b","text":"plums pears"}\n' });
  const index = new Index({ ...bm25Options(), commit: false });
  const storage = new Bm25Storage(target);
  await index.mount(storage);
  t.after(() => storage.close());
  index.remove('a').add('c', 'plums plums');
  await index.commit();
  assert.deepEqual(await storage.enrich(['c', 'b']), [
    { id: 'c', doc: null },
    { id: 'b', doc: { text: 'plums pears' } },
  ]);
  await using direct = await openIndex(target);
  assert.equal(direct.text(0), 'plums pears');
  assert.throws(() => direct.text(1), /holds no text of document 1/);
});

test('an index whose corpus is missing can be built again', async (t) => {
  const { target, paths } = await builtOf(t, { 'a.jsonl': '{"text":"plums"}\n' });
  await rm(paths[0] as string);
  await buildIndex(from([{ text: 'pears' }]), target);
  await using index = await openIndex(target);
  assert.equal(index.text(0), 'pears');
});
