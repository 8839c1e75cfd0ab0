import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const documents = [
  { id: 'a', text: 'The tide follows the moon.' },
  { id: 'b', text: 'The moon pulls the tide twice a day.' },
];

interface BadInput {
  name: string;
  args: (folder: string) => string[];
  code: number;
  says: RegExp;
}

const cases: BadInput[] = [
  {
    name: 'records without the input key',
    args: (folder) => ['doc2query', '--model', 'offline', writeRecords(folder, 'in.jsonl', [{ id: 1, body: 'x' }])],
    code: 1,
    says: /"text" is missing; the records have the keys id, body; textKey \(--text-key\) names another key/,
  },
  {
    name: 'an output key that holds a value',
    args: (folder) => {
      const records = documents.map((one) => ({ ...one, question: 'asked before' }));
      return ['doc2query', '--model', 'offline', writeRecords(folder, 'in.jsonl', records)];
    },
    code: 1,
    says: /output key "question" .* already holds a value; .*--overwrite/,
  },
  {
    name: 'an empty file',
    args: (folder) => ['doc2query', '--model', 'offline', writeRecords(folder, 'in.jsonl', [])],
    code: 1,
    says: /holds no records/,
  },
  {
    name: 'an unknown flag',
    args: () => ['doc2query', '--modle', 'offline'],
    code: 2,
    says: /unknown option '--modle'.*--model/s,
  },
  {
    name: 'an unknown command',
    args: () => ['doc2quer'],
    code: 2,
    says: /unknown command 'doc2quer'.*doc2query/s,
  },
  {
    name: 'no model',
    args: (folder) => ['doc2query', writeRecords(folder, 'in.jsonl', documents)],
    code: 2,
    says: /no model was named; add --model NAME/,
  },
  {
    name: 'no key for a remote model',
    args: (folder) => ['run', '--model', 'gpt-4o-mini', writeRecords(folder, 'in.jsonl', documents)],
    code: 2,
    says: /no key for gpt-4o-mini at api\.openai\.com; export OPENAI_API_KEY/,
  },
  {
    name: 'a path that does not exist',
    args: () => ['run', '--model', 'offline', 'nowhere.jsonl'],
    code: 1,
    says: /nowhere\.jsonl: .*no such file/i,
  },
  {
    name: 'an index that does not exist',
    args: (folder) => ['bm25-hard-neg', '--index', 'nowhere.bm25', writeRecords(folder, 'in.jsonl', documents)],
    code: 1,
    says: /nowhere\.bm25.*rareflow index/,
  },
  {
    name: 'a value out of range',
    args: (folder) => [
      'doc2query',
      '--model',
      'offline',
      '--concurrency',
      '0',
      writeRecords(folder, 'in.jsonl', documents),
    ],
    code: 2,
    says: /--concurrency must be a whole number >= 1, got /,
  },
  {
    name: 'an unknown analyzer',
    args: (folder) => ['index', '-o', 'x.bm25', '--analyzer', 'klingon', writeRecords(folder, 'in.jsonl', documents)],
    code: 2,
    says: /--analyzer must be auto, english.*got "klingon"/,
  },
  {
    name: 'a prompt file without its placeholder',
    args: (folder) => {
      writeFileSync(path.join(folder, 'prompt.txt'), 'Ask something.');
      const input = writeRecords(folder, 'in.jsonl', documents);
      return ['doc2query', '--model', 'offline', '--prompt-file', 'prompt.txt', input];
    },
    code: 2,
    says: /must be a text that holds \{\{text\}\}/,
  },
  {
    name: 'the output as input',
    args: (folder) => {
      const input = writeRecords(folder, 'in.jsonl', documents);
      return ['doc2query', '--model', 'offline', input, '-o', input];
    },
    code: 2,
    says: /--output .* is also the input/,
  },
];

for (const { name, args, code, says } of cases) {
  test(`${name}: one line that says how to fix it, exit code ${code}, nothing half-written`, async (t) => {
    const folder = workFolder(t);
    const line = args(folder);
    const before = readdirSync(folder);
    const output = line.includes('-o') ? [] : ['-o', 'out.jsonl'];
    const done = await runCommand([...line, ...output], { cwd: folder });
    assert.match(done.stderr, says);
    assert.equal(done.code, code, done.stderr);
    const said = done.stderr.trim().split('\n');
    assert.equal(said.filter((line) => !line.includes('offline model')).length, 1, done.stderr);
    assert.ok(!done.stderr.includes('    at '), 'no stack trace');
    assert.equal(done.stdout, '');
    assert.deepEqual(readdirSync(folder), before);
  });
}

test('an index of other texts stops the command before anything is written', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'corpus.jsonl', documents);
  const others = [{ id: 'z', text: 'Bread rises by yeast.', question: 'What does the yeast do?' }];
  writeRecords(folder, 'others.jsonl', others);
  assert.equal((await runCommand(['index', 'corpus.jsonl', '-o', 'c.bm25'], { cwd: folder })).code, 0);
  const done = await runCommand(['bm25-hard-neg', '--index', 'c.bm25', 'others.jsonl', '-o', 'out.jsonl'], {
    cwd: folder,
  });
  assert.equal(done.code, 1);
  assert.match(done.stderr, /its document is not in the index; .*--no-require-positive/);
  assert.equal(existsSync(path.join(folder, 'out.jsonl')), false);
});
