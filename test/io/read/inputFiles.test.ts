import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { InputError } from '../../../src/errors.js';
import { inputFiles } from '../../../src/io/read/inputFiles.js';
import { workFolder } from '../support.js';

async function tree(t: TestContext, names: string[]) {
  const work = await workFolder(t);
  await mkdir(work('sub'));
  for (const name of names) await writeFile(work(name), '{}\n');
  return work;
}

test('a folder means the record files in it, by name, and not those below it', async (t) => {
  const wanted = ['a.jsonl', 'b.JSONL.gz', 'c.json.zst', 'd.parquet', 'e.ndjson'];
  const work = await tree(t, [...wanted, 'README.md', '.hidden.jsonl', 'sub/below.jsonl']);
  const paths = wanted.map((name) => work(name));
  assert.deepEqual(await inputFiles([work('')]), paths);
  assert.deepEqual(await inputFiles([work('').replace(/\/$/, '')]), paths);
});

test('the queries of a BEIR folder are not documents, but are read if all its records are asked for', async (t) => {
  const work = await tree(t, ['corpus.jsonl', 'queries.jsonl']);
  const notices: string[] = [];
  const documents = () =>
    inputFiles([work('')], { documentsOnly: true, onNotice: (notice) => void notices.push(notice) });
  assert.deepEqual(await documents(), [work('corpus.jsonl'), work('queries.jsonl')], 'without qrels');
  await mkdir(work('qrels'));
  assert.deepEqual(await documents(), [work('corpus.jsonl')]);
  assert.match(notices.join(), /is a BEIR folder: its queries are left out/);
  assert.deepEqual(await inputFiles([work('')]), [work('corpus.jsonl'), work('queries.jsonl')]);
});

test('a pattern means the files that it matches, whatever their extension', async (t) => {
  const work = await tree(t, ['part-10.txt', 'part-2.txt', 'other.txt', 'sub/part-3.txt']);
  assert.deepEqual(await inputFiles([work('part-*.txt')]), [work('part-10.txt'), work('part-2.txt')]);
  assert.deepEqual(await inputFiles([work('**/part-{2,3}.txt')]), [work('part-2.txt'), work('sub/part-3.txt')]);
});

test('a path means itself: a file with the characters of a pattern, a missing file, standard input', async (t) => {
  const work = await tree(t, ['a[1].jsonl', 'a1.jsonl']);
  const given = [work('a[1].jsonl'), work('absent.jsonl'), '-', work('a1.jsonl'), work('a1.jsonl')];
  assert.deepEqual(await inputFiles(given), given);
});

test('a folder of texts means its text files if it has no others', async (t) => {
  const work = await tree(t, ['a.md', 'b.txt', 'c.pdf']);
  assert.deepEqual(await inputFiles([work('')]), [work('a.md'), work('b.txt')]);
});

test('what earlier runs have written is left out of folders and patterns, with a remark', async (t) => {
  const work = await tree(t, ['a.jsonl', 'out.jsonl', 'out.rejects.jsonl']);
  await mkdir(work('out.jsonl.rareflow'));
  const notices: string[] = [];
  const options = { onNotice: (notice: string) => notices.push(notice) };
  assert.deepEqual(await inputFiles([work('')], options), [work('a.jsonl'), work('out.jsonl')]);
  assert.deepEqual(await inputFiles([work('*.jsonl')], { ...options, documentsOnly: true }), [work('a.jsonl')]);
  assert.match(notices[0] ?? '', /left out what earlier runs have written: .*out\.rejects\.jsonl/);
  assert.match(notices[1] ?? '', /out\.jsonl, .*out\.rejects\.jsonl/);
  assert.deepEqual(await inputFiles([work('*.rejects.jsonl')], options), [work('out.rejects.jsonl')]);
  assert.equal(notices.length, 2);
});

test('a folder without record files and a pattern without matches are errors', async (t) => {
  const work = await tree(t, ['README.pdf']);
  await assert.rejects(inputFiles([work('')]), { name: 'InputError', message: /holds no record files/ });
  await assert.rejects(inputFiles([work('*.jsonl')]), InputError);
});
