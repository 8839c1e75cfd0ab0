import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const made = (i: number) => ({
  id: `d${i}`,
  text: `The tide turns ${i} times.`,
  question: `Why does tide ${i} turn?`,
  scenario: 'A sailor waits.',
  hard_negatives: ['Bridges bend.', 'Winds blow.'],
  reasoning: 'The Moon pulls.',
  _rareflow: { doc2query: { model: 'gpt-x', prompt: 'doc2query-1' } },
});

test('export writes splits as parquet with a card that names their files', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', Array.from(range(200), made));
  const args = [
    'export',
    'out.jsonl',
    '--format',
    'messages',
    '-o',
    'data',
    '--to',
    'parquet',
    '--validation',
    '0.2',
    '--card',
  ];
  const done = await runCommand(args, { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /200 in = 200 out \+ 0 rejects/);
  assert.deepEqual(readdirSync(path.join(folder, 'data')).sort(), [
    'README.md',
    'dataset_info.json',
    'train.parquet',
    'validation.parquet',
  ]);
  const rows: unknown[] = [];
  for await (const row of readRecords(path.join(folder, 'data'))) rows.push(row);
  assert.equal(rows.length, 200);
  const card = readFileSync(path.join(folder, 'data/README.md'), 'utf8');
  assert.match(card, /^---\npretty_name: "data"\n[\s\S]*- split: validation\n {4}path: validation.parquet\n---\n/);
  assert.match(card, /- doc2query: gpt-x, doc2query-1 \(200 records\)/);
});

test('export refuses a wrong output or option before it writes anything', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', Array.from(range(3), made));
  for (const [args, words] of [
    [['-o', 'out.jsonl'], /is also the input/],
    [['-o', 'data.csv'], /neither .jsonl nor .parquet/],
    [['-o', 'train.jsonl', '--card'], /--card writes several files; name a folder/],
    [['-o', 'train.jsonl', '--validation', '1.5'], /--validation must be a number >= 0 and < 1, got 1\.5/],
    [['-o', 'data/', '--validation', '1.5'], /validation must be a number >= 0 and < 1, got 1\.5/],
  ] as const) {
    const done = await runCommand(['export', 'out.jsonl', '--format', 'messages', ...args], { cwd: folder });
    assert.equal(done.code, 2, done.stderr);
    assert.match(done.stderr, words);
    assert.deepEqual(readdirSync(folder), ['out.jsonl']);
  }
});

test('export writes the dataset_info.json of LLaMA-Factory beside the rows, and adds to one that is there', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', Array.from(range(40), made));
  const info = (at: string) => JSON.parse(readFileSync(path.join(folder, at, 'dataset_info.json'), 'utf8'));
  const run = async (...args: string[]) => {
    const done = await runCommand(['export', 'out.jsonl', ...args], { cwd: folder });
    assert.equal(done.code, 0, done.stderr);
  };
  await run('--format', 'sharegpt', '--validation', '0.3', '-o', 'data/');
  await run('--format', 'alpaca', '-o', 'data/rare.jsonl');
  assert.deepEqual(Object.keys(info('data')).sort(), ['data-train', 'data-validation', 'rare']);
  for (const { file_name, columns } of Object.values(info('data')) as { file_name: string; columns: object }[]) {
    for await (const row of readRecords(path.join(folder, 'data', file_name))) {
      assert.deepEqual(
        Object.values(columns).filter((key) => !(key in row)),
        [],
      );
    }
  }
  await run('--format', 'n-tuple', '--num-neg', '2', '-o', 'tuples/');
  assert.deepEqual(readdirSync(path.join(folder, 'tuples')), ['train.jsonl']);
});

test('export refuses parquet for a trainer that reads JSON Lines alone', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', Array.from(range(3), made));
  const done = await runCommand(['export', 'out.jsonl', '--format', 'flagembedding', '-o', 'a.parquet'], {
    cwd: folder,
  });
  assert.equal(done.code, 2);
  assert.match(done.stderr, /the trainer of flagembedding reads JSON Lines, not parquet/);
});
