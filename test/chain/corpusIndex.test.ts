import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { type CorpusIndexOptions, corpusIndex } from '../../src/chain/corpusIndex.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const documents = [{ text: 'The tide turns.' }, { text: 'Ice moves slowly.' }];

async function open(inputs: string, target: string, options: CorpusIndexOptions = {}) {
  let isBuilt = false;
  const onBuilt = () => {
    isBuilt = true;
  };
  const index = await corpusIndex(inputs, target, { ...options, onBuilt });
  await index.close();
  return { isBuilt, docs: index.docCount, analyzer: index.manifest.analyzer };
}

test('corpusIndex builds once, and again after the corpus or an option has changed', async (t) => {
  const folder = workFolder(t);
  const corpus = writeRecords(folder, 'in.jsonl', documents);
  const target = path.join(folder, 'c.bm25');
  assert.deepEqual(await open(corpus, target), { isBuilt: true, docs: 2, analyzer: 'english' });
  assert.equal((await open(corpus, target)).isBuilt, false);
  appendFileSync(corpus, '{"text":"More tides."}\n');
  assert.deepEqual(await open(corpus, target), { isBuilt: true, docs: 3, analyzer: 'english' });
  assert.equal((await open(corpus, target, { analyzer: 'standard' })).analyzer, 'standard');
});

test('corpusIndex uses an index of other files as it is, or replaces it if asked', async (t) => {
  const folder = workFolder(t);
  const target = path.join(folder, 'c.bm25');
  await open(writeRecords(folder, 'in.jsonl', documents), target);
  const other = writeRecords(folder, 'other.jsonl', documents.slice(1));
  assert.deepEqual(await open(other, target), { isBuilt: false, docs: 2, analyzer: 'english' });
  assert.equal((await open(other, target, { replaceOther: true })).docs, 1);
});

test('corpusIndex replaces a damaged index only if asked', async (t) => {
  const folder = workFolder(t);
  const target = path.join(folder, 'c.bm25');
  const corpus = writeRecords(folder, 'in.jsonl', documents);
  await open(corpus, target);
  writeFileSync(path.join(target, 'index.json'), '{');
  await assert.rejects(open(corpus, target), { name: 'IndexError' });
  assert.equal((await open(corpus, target, { replaceOther: true })).isBuilt, true);
});
