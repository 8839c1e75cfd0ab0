import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readRecordsOf, runCommand, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const passages = Array.from(range(12), (n) => ({
  id: `p${n}`,
  parent: Math.floor(n / 3),
  text: `tide number ${n}`,
  question: 'Which tide?',
}));

test('--no-store and --group-key: texts come from the corpus, and no negative from the parent', async (t) => {
  const folder = workFolder(t);
  const options = { cwd: folder };
  writeRecords(folder, 'in.jsonl', passages);
  const index = await runCommand(
    ['index', 'in.jsonl', '-o', 'c.bm25', '--no-store', '--group-key', 'parent', '--analyzer', 'english'],
    options,
  );
  assert.equal(index.code, 0, index.stderr);
  const mine = [
    'bm25-hard-neg',
    'in.jsonl',
    '--index',
    'c.bm25',
    '--num-neg',
    '9',
    '--group-key',
    'parent',
    '--no-containment',
    '--no-group-questions',
  ];
  assert.equal((await runCommand([...mine, '-o', 'out.jsonl'], options)).code, 0);
  for (const [n, { hard_negatives: negatives }] of readRecordsOf(path.join(folder, 'out.jsonl')).entries()) {
    const others = passages.filter(({ parent }) => parent !== Math.floor(n / 3)).map(({ text }) => text);
    assert.deepEqual(new Set(negatives as string[]), new Set(others));
  }
  appendFileSync(path.join(folder, 'in.jsonl'), '{"id":"more","text":"tides"}\n');
  const changed = await runCommand(mine, options);
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /in\.jsonl, which has changed since: .*rareflow index .* --no-store/);
});

test('--no-store is a usage error for stdin and for compressed files', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', passages);
  const calls = [
    'gzip -k in.jsonl; rareflow index in.jsonl.gz -o c.bm25 --no-store',
    'rareflow index -o d.bm25 --no-store < in.jsonl',
    'cat in.jsonl | rareflow run -o out.jsonl --model offline --no-store',
  ];
  const ended = await Promise.all(calls.map((call) => runShell(call, { cwd: folder })));
  for (const { code, stderr } of ended) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, /leave out --no-store/);
  }
});
