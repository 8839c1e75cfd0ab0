import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('search writes a TREC run: six fields a line, whatever the ids hold, and a query without an id is rejected', async (t) => {
  const folder = workFolder(t);
  await buildIndex(
    [
      { id: 'd 1', text: 'spring tides follow the moon' },
      { id: 'd%201', text: 'the moon' },
    ],
    path.join(folder, 'corpus.bm25'),
    { analyzer: 'english' },
  );
  writeRecords(folder, 'queries.jsonl', [
    { id: 'q\t1', text: 'spring moon' },
    { text: 'moon' },
    { id: 7, text: 'tide' },
  ]);
  const args = ['search', '--index', 'corpus.bm25', '--queries', 'queries.jsonl', '--trec', '-o', 'run.trec'];
  const done = await runCommand(args, { cwd: folder });
  assert.match(done.stderr, /3 in = 2 out/, done.stderr);
  const lines = readFileSync(path.join(folder, 'run.trec'), 'utf8').trimEnd().split('\n');
  const fields = lines.map((line) => line.split(/\s+/));
  assert.deepEqual(
    fields.map(([query, q0, document, rank, , tag]) => [query, q0, document, rank, tag]),
    [
      ['q%091', 'Q0', 'd%201', '1', 'rareflow'],
      ['q%091', 'Q0', 'd%25201', '2', 'rareflow'],
      ['7', 'Q0', 'd%201', '1', 'rareflow'],
    ],
  );
  assert.ok(fields.every(({ length }, n) => length === 6 && Number(fields[n]?.[4]) > 0));
  const refused = await runCommand(['search', '--index', 'corpus.bm25', 'moon', '--trec'], { cwd: folder });
  assert.match(refused.stderr, /--trec needs --queries/);
});
