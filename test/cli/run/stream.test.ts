import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, root, runCommand, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');

test('run makes every record of the chain, and reports the counts of outputs and rejects', async (t) => {
  const folder = workFolder(t);
  const done = await runCommand(['run', corpus, '-o', 'out.jsonl', '--model', 'offline'], { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.stdout, '', 'nothing on stdout but data');
  assert.match(done.stderr, /96 in = 96 out \(out\.jsonl\) \+ 0 rejects/);
  const records = readRecordsOf(path.join(folder, 'out.jsonl'));
  assert.equal(records.length, 96);
  for (const { text, question, scenario, hard_negatives: negatives, reasoning } of records) {
    assert.ok(question && scenario && reasoning);
    assert.ok(Array.isArray(negatives) && negatives.length === 3 && !negatives.includes(text));
  }
  const again = await runCommand(
    ['run', corpus, '-o', 'again.jsonl', '--model', 'offline', '--index', 'out.jsonl.rareflow/index.bm25'],
    { cwd: folder },
  );
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(readRecordsOf(path.join(folder, 'again.jsonl')), records);
});

test('run reuses the index of an unchanged corpus and rebuilds it for a changed one', async (t) => {
  const folder = workFolder(t);
  const documents = Array.from(range(9), (n) => ({ id: `d${n}`, text: `tide number ${n}` }));
  writeRecords(folder, 'in.jsonl', documents);
  const run = () => runCommand(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'offline'], { cwd: folder });
  assert.match((await run()).stderr, /indexed 9 documents/);
  assert.match((await run()).stderr, /using the index .* \(9 documents\)/);
  writeRecords(folder, 'in.jsonl', [...documents, { id: 'd9', text: 'tide number 9' }]);
  assert.match((await run()).stderr, /indexed 10 documents/);
});

test('index detects the analyzer from a sample of the corpus and says so, or takes the one named', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'zh.jsonl', [{ text: '深度学习是机器学习的一个分支。' }, { text: '黑豹队的防守' }]);
  const build = (...flags: string[]) => runCommand(['index', 'zh.jsonl', '-o', 'zh.bm25', ...flags], { cwd: folder });
  const nameOf = () => JSON.parse(readFileSync(path.join(folder, 'zh.bm25/index.json'), 'utf8')).analyzer;
  assert.match((await build()).stderr, /analyzer multilingual-3, by a sample/);
  assert.equal(nameOf(), 'multilingual-3');
  assert.doesNotMatch((await build('--analyzer', 'cjk')).stderr, /sample/);
  assert.equal(nameOf(), 'cjk');
  assert.equal((await build('--analyzer', 'klingon')).code, 2);
});

test('bm25-hard-neg takes its rules as flags and reports a shortfall', async (t) => {
  const folder = workFolder(t);
  const documents = Array.from(range(4), (n) => ({ id: `g${n % 2}#${n}`, text: `tide number${n}`, question: 'tide' }));
  writeRecords(folder, 'in.jsonl', documents);
  const index = await runCommand(['index', 'in.jsonl', '-o', 'c.bm25'], { cwd: folder });
  assert.equal(index.code, 0, index.stderr);
  const mine = ['bm25-hard-neg', 'in.jsonl', '--index', 'c.bm25', '--group-pattern', '^(.*)#', '--details'];
  const done = await runCommand([...mine, '--sampling', 'top', '--no-near-duplicate', '--no-group-questions'], {
    cwd: folder,
  });
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(done.records[0]?.hard_negatives, ['tide number1', 'tide number3']);
  assert.match(done.stderr, /4 records are short of 4 negatives/);
  const profile = ['bm25-hard-neg', 'in.jsonl', '--index', 'c.bm25', '--profile', 'dataflow'];
  const copied = await runCommand(profile, { cwd: folder });
  assert.deepEqual(copied.records[0]?.hard_negatives, ['tide number1', 'tide number2', 'tide number3']);
  const wrong = await runCommand([...profile, '--window', '9'], { cwd: folder });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /candidateWindow cannot be set/);
});

test('run copies a corpus from stdin to the disk, reports it, and leaves no file', async (t) => {
  const folder = workFolder(t);
  const done = await runCommand(['run', '--model', 'offline'], { cwd: folder, input: readFileSync(corpus, 'utf8') });
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.records.length, 96);
  assert.match(done.stderr, /copying stdin to .* first/);
  const spooled = done.stderr.match(/copying stdin to (\S+) first/)?.[1] ?? '';
  assert.equal(existsSync(path.dirname(spooled)), false);
});

test('three processes in a pipe make the records of run', async (t) => {
  const folder = workFolder(t);
  const done = await runShell(
    `rareflow index ${corpus} -o c.bm25 && rareflow run ${corpus} --index c.bm25 --model offline > run.jsonl &&
     cat ${corpus} | rareflow doc2query --model offline | rareflow bm25-hard-neg --index c.bm25 | rareflow reason-distill --model offline`,
    { cwd: folder },
  );
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(done.records, readRecordsOf(path.join(folder, 'run.jsonl')));
});

test('with head at the end of the pipe every process ends by itself, quietly', async (t) => {
  const folder = workFolder(t);
  const many = writeRecords(
    folder,
    'many.jsonl',
    Array.from(range(20_000), (n) => ({ id: `d${n}`, text: `tide number ${n} and moon ${n % 100}` })),
  );
  const done = await runShell(
    `rareflow index ${many} -o m.bm25 2>/dev/null; cat ${many} | rareflow doc2query --model offline | rareflow bm25-hard-neg --index m.bm25 | rareflow reason-distill --model offline | head -5; echo "\${PIPESTATUS[*]:1}" > codes`,
    { cwd: folder },
  );
  assert.equal(done.stdout.trim().split('\n').length, 5);
  const said = done.stderr.split('\n').filter((line) => line !== '' && !line.includes('offline model'));
  assert.deepEqual(said, []);
  assert.equal(readFileSync(path.join(folder, 'codes'), 'utf8').trim(), '0 0 0 0');
});

test('bad lines and failed records go to the rejects file, with stage and reason', async (t) => {
  const folder = workFolder(t);
  const input = `${JSON.stringify({ id: 'a', text: 'The tide turns.' })}\nnot json\n{"id":"b","text":5}\n\n[]\n`;
  const done = await runCommand(['doc2query', '-', '-o', 'out.jsonl', '--model', 'offline'], { cwd: folder, input });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /4 in = 1 out \(out\.jsonl\) \+ 3 rejects \(out\.rejects\.jsonl\)/);
  const rejects = readRecordsOf(path.join(folder, 'out.rejects.jsonl'));
  assert.deepEqual(
    rejects.map(({ stage, line }) => [stage, line]),
    [
      ['read', 2],
      ['doc2query', undefined],
      ['read', undefined],
    ],
  );
  const strict = await runCommand(['doc2query', '-', '--model', 'offline', '--max-rejects', '2'], { input });
  assert.equal(strict.code, 3);
  const stopped = await runCommand(['doc2query', '-', '--model', 'offline', '--on-bad-line', 'stop'], { input });
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /stdin:2: /);
});

test('over HTTP with faults of five kinds: in = out + rejects, never over the concurrency, outputs as without faults', async (t) => {
  const folder = workFolder(t);
  const faults = { http500: 0.04, rate429: 0.04, resetBefore: 0.04, empty200: 0.04, unparsable: 0.04 };
  const server = await startStandIn({ seed: 1, medianMs: 2, sigma: 0.8, faults });
  t.after(() => server.close());
  const flags = ['--model', 'test-model', '--base-url', server.baseUrl, '--concurrency', '8'];
  const done = await runCommand(['run', corpus, '-o', 'out.jsonl', ...flags], { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  const out = readRecordsOf(path.join(folder, 'out.jsonl'));
  assert.equal(out.length, 96, done.stderr);
  assert.ok(server.ledger.peakInFlight <= 8, `${server.ledger.peakInFlight} in flight`);
  const plain = await startStandIn({ seed: 1 });
  t.after(() => plain.close());
  await runCommand(['run', corpus, '-o', 'plain.jsonl', '--model', 'test-model', '--base-url', plain.baseUrl], {
    cwd: folder,
  });
  const bare = (file: string) => readRecordsOf(path.join(folder, file)).map(({ _rareflow, ...record }) => record);
  assert.deepEqual(bare('out.jsonl'), bare('plain.jsonl'));
});

test('OPENAI_API_KEY is not sent to another host unless it was named for it', async (t) => {
  const folder = workFolder(t);
  const input = writeRecords(folder, 'in.jsonl', [{ id: 'a', text: 'The tide turns.' }]);
  const server = await startStandIn({ apiKey: 'sk-secret' });
  t.after(() => server.close());
  const line = ['doc2query', input, '--model', 'm', '--base-url', server.baseUrl];
  const env = { OPENAI_API_KEY: 'sk-secret' };
  const refused = await runCommand(line, { env });
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /401 .*it requires a key, and none was sent; .*--api-key-env/);
  assert.ok(!refused.stderr.includes('sk-secret'));
  assert.equal((await runCommand([...line, '--api-key-env', 'OPENAI_API_KEY'], { env })).code, 0);
  const both = { ...env, OPENAI_BASE_URL: server.baseUrl };
  assert.equal((await runCommand(['doc2query', input, '--model', 'm'], { env: both })).code, 0);
});

test('SIGINT finishes and writes the records in flight, and the run resumes from there; a second one exits at once', async (t) => {
  const folder = workFolder(t);
  const input = writeRecords(
    folder,
    'in.jsonl',
    Array.from(range(500), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` })),
  );
  const server = await startStandIn({ seed: 1, medianMs: 400, sigma: 0 });
  t.after(() => server.close());
  const line = [
    'doc2query',
    input,
    '--model',
    'm',
    '--base-url',
    server.baseUrl,
    '--concurrency',
    '4',
    '-o',
    'out.jsonl',
  ];
  const interruptAfter = (calls: number, times: number) => ({
    cwd: folder,
    onStart: (child: { kill(signal: 'SIGINT'): boolean }) => {
      const before = server.ledger.calls.length;
      const timer = setInterval(() => {
        if (server.ledger.calls.length < before + calls) return;
        clearInterval(timer);
        child.kill('SIGINT');
        if (times === 2) setTimeout(() => child.kill('SIGINT'), 50);
      }, 5).unref();
    },
  });
  const gentle = await runCommand(line, interruptAfter(6, 1));
  assert.equal(gentle.code, 4, gentle.stderr);
  assert.match(gentle.stderr, /finishing the requests in flight/);
  const written = readRecordsOf(path.join(folder, 'out.jsonl.partial')).length;
  assert.equal(written, server.ledger.calls.length);
  assert.match(gentle.stderr, new RegExp(`${written} in = ${written} out`));
  assert.match(gentle.stderr, /to resume: rareflow doc2query .*-o out\.jsonl/);
  const summaryOf = () => JSON.parse(readFileSync(path.join(folder, 'out.jsonl.rareflow/summary.json'), 'utf8'));
  assert.deepEqual([summaryOf().state, summaryOf().out, summaryOf().pending], ['stopped', written, 0]);
  assert.equal(existsSync(path.join(folder, 'out.jsonl')), false);

  const other = await runCommand([...line, '--max-attempts', '2'], { cwd: folder });
  assert.equal(other.code, 2);
  assert.match(other.stderr, /unfinished run with other settings: maxAttempts 3 → 2; .*--resume never/);

  const fast = await startStandIn({ seed: 1 });
  t.after(() => fast.close());
  const elsewhere = (baseUrl: string) => line.map((word) => (word === server.baseUrl ? baseUrl : word));
  const rest = await runCommand(elsewhere(fast.baseUrl), { cwd: folder });
  assert.match(rest.stderr, new RegExp(`resuming .* ${written} records`));
  assert.match(rest.stderr, /500 in = 500 out/);
  assert.equal(fast.ledger.calls.length, 500 - written);
  const ids = readRecordsOf(path.join(folder, 'out.jsonl')).map(({ id }) => id);
  assert.deepEqual(
    ids,
    Array.from(range(500), (n) => `d${n}`),
  );
  assert.deepEqual(
    [summaryOf().state, summaryOf().usage.byStage.doc2query.attempts, summaryOf().sessions],
    ['done', 500, 2],
  );

  const slow = await startStandIn({ seed: 1, medianMs: 20_000, sigma: 0 });
  t.after(() => slow.close());
  const startedMs = performance.now();
  const rude = await runCommand([...elsewhere(slow.baseUrl), '--resume', 'never'], {
    cwd: folder,
    onStart: (child) => {
      const timer = setInterval(() => {
        if (slow.ledger.calls.length + slow.ledger.inFlight > 0) child.kill('SIGINT');
      }, 300).unref();
      child.on('close', () => clearInterval(timer));
    },
  });
  assert.equal(rude.code, 130);
  assert.ok(performance.now() - startedMs < 15_000, 'it did not wait for its calls');
});
