import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { collectionKinds, writeJudgedCollection } from '../../bench/support/judgedCollection.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const sentence = (page: number, passage: number) =>
  `Passage ${passage} of page ${page} has a sentence of more than eight words.`;
const passages = Array.from(range(40), (n) => {
  const [page, passage] = [n >> 2, n & 3];
  return { id: `${page}-${passage}`, title: `page ${page}`, text: Array(8).fill(sentence(page, passage)).join(' ') };
});

for (const kind of collectionKinds) {
  test(`a collection of the kind ${kind} is the same for a seed, and all relevant documents are in it`, async (t) => {
    const corpus = writeRecords(workFolder(t), 'corpus.jsonl', passages);
    const made = async (seed: number) => {
      const folder = workFolder(t);
      await writeJudgedCollection(folder, { kind, corpus, documents: 24, questions: 3, seed });
      return ['corpus.jsonl', 'queries.jsonl', 'qrels.tsv'].map((name) =>
        readFileSync(path.join(folder, name), 'utf8').trim().split('\n'),
      ) as [string[], string[], string[]];
    };
    const first = await made(1);
    assert.deepEqual(first, await made(1));
    assert.notDeepEqual(first, await made(2));
    const [documents, queries, qrels] = first;
    const texts = new Map(documents.map((line) => JSON.parse(line)).map(({ id, text }) => [id, text]));
    assert.ok(texts.size <= 24 && queries.length === 3);
    for (const { id, text, title } of queries.map((line) => JSON.parse(line))) {
      const relevant = qrels.filter((line) => line.startsWith(`${id}\t`)).map((line) => line.split('\t')[1]);
      assert.ok(relevant.length >= 2);
      for (const one of relevant) {
        assert.ok(texts.get(one)?.includes(`of ${title} has`));
        if (kind === 'siblings')
          assert.ok(!texts.get(one)?.includes(text), 'the passage that asks is not in the corpus');
      }
    }
  });
}
