import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { madeRecord } from '../../report/madeRecord.js';
import { runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('report writes a page beside the output, with the rejects and the summary that it finds there', async (t) => {
  const folder = workFolder(t);
  writeRecords(
    folder,
    'corpus.jsonl',
    Array.from(range(12), (i) => ({ id: `d${i}`, text: madeRecord(i).text })),
  );
  writeRecords(folder, 'more.jsonl', [{ id: 'x' }]);
  const made = await runCommand(
    ['run', 'corpus.jsonl', 'more.jsonl', '-o', 'out.jsonl', '--model', 'offline', '--num-neg', '1'],
    { cwd: folder },
  );
  assert.equal(made.code, 0, made.stderr);
  const told = await runCommand(['report', 'out.jsonl'], { cwd: folder });
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stderr, /out\.report\.html \(\S+ bytes\) from \d+ records and \d+ rejects, read in/);
  const page = readFileSync(path.join(folder, 'out.report.html'), 'utf8');
  assert.match(page, /"countsFromRun":true/);
  assert.match(page, /"in":13,/);
  assert.ok(!existsSync(path.join(folder, 'out.report.html.partial')));
});

test('report and view refuse a wrong path with a message', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', [madeRecord(1)]);
  for (const [args, code, words] of [
    [['report', 'out.jsonl', '-o', 'out.jsonl'], 2, /is also the input/],
    [['report', 'none.jsonl'], 1, /none\.jsonl: no such file/],
    [['view', 'none.jsonl'], 1, /none\.jsonl: no such file/],
    [['view', 'out.jsonl.gz'], 2, /cannot browse out\.jsonl\.gz: .*; unpack it/],
  ] as const) {
    const done = await runCommand([...args], { cwd: folder });
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, words);
  }
  assert.deepEqual(readdirSync(folder), ['out.jsonl']);
});

test('view prints its address, answers there, and ends at an interrupt', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'out.jsonl', Array.from(range(3), madeRecord));
  const answered: string[] = [];
  const done = await runCommand(['view', 'out.jsonl'], {
    cwd: folder,
    onStart: (child) => {
      child.stdout?.once('data', (address) => {
        get(`${String(address).trim()}api/rows`, (response) => {
          response.setEncoding('utf8').on('data', (text) => answered.push(text));
          response.on('end', () => child.kill('SIGINT'));
        });
      });
    },
  });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  assert.match(answered.join(''), /"records":3/);
});
