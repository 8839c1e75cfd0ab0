import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { loaders } from '../../export/loaders.js';
import { fixture } from '../../search/helpers.js';
import { readRecordsOf, runCommand } from '../../support/command.js';
import { workFolder } from '../../support/workFolder.js';

test('bm25-hard-neg mines for the queries of a BEIR folder and writes rows of query, pos and neg', async (t) => {
  const folder = workFolder(t);
  const beir = fixture('field/beir');
  await buildIndex(readRecords(path.join(beir, 'corpus.jsonl')), path.join(folder, 'b.bm25'), { idKey: '_id' });
  const args = ['bm25-hard-neg', beir, '--index', 'b.bm25', '--num-neg', '1', '--no-provenance', '-o', 'pairs.jsonl'];
  const done = await runCommand(args, { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  for (const row of readRecordsOf(path.join(folder, 'pairs.jsonl'))) loaders.reasonir.parse(row);
  assert.deepEqual(
    readRecordsOf(path.join(folder, 'pairs.jsonl')).map(({ query_id, pos_ids, neg_ids }) => ({
      query_id,
      pos_ids,
      neg_ids,
    })),
    [
      { query_id: 'q1', pos_ids: ['d1'], neg_ids: ['d5'] },
      { query_id: 'q2', pos_ids: ['d2', 'd5'], neg_ids: ['d1'] },
    ],
  );
});

test('bm25-hard-neg finds repeated questions in files by itself, and refuses to in what can be read once', async (t) => {
  const folder = workFolder(t);
  const multi = fixture('field/multi.jsonl');
  await buildIndex(readRecords(multi), path.join(folder, 'm.bm25'), { analyzer: 'english' });
  const run = (...args: string[]) =>
    runCommand(['bm25-hard-neg', '--index', 'm.bm25', '-o', 'out.jsonl', ...args], { cwd: folder });
  const done = await run(multi);
  assert.match(done.stderr, /1 question has documents in several records/, done.stderr);
  const [first] = readRecordsOf(path.join(folder, 'out.jsonl'));
  assert.ok(!JSON.stringify(first?.hard_negatives).includes('paracetamol'));
  const refused = await run('-', '--group-questions');
  assert.match(refused.stderr, /--group-questions reads the input twice, and stdin can be read once/);
});
