import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type StandIn, type StandInOptions, startStandIn } from '../../../src/standIn/http/server.js';
import { rareflowFunction, readRecordsOf, runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const documents = Array.from(range(20), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));

interface Setting {
  cwd: string;
  server: StandIn;
  /** Runs the command; when `until`, called with its messages so far, returns true, it gets the signals in turn. */
  start(flags: string[], until?: (words: string) => boolean, signals?: NodeJS.Signals[]): ReturnType<typeof runCommand>;
  /** The ids of the finished output, in their order. */
  ids(): unknown[];
}

async function setUp(t: TestContext, options: StandInOptions, command = 'doc2query'): Promise<Setting> {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', documents);
  const server = await startStandIn(options);
  t.after(() => server.close());
  const line = [command, 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  return {
    cwd,
    server,
    start: (flags, until, signals = ['SIGINT']) =>
      runCommand([...line, ...flags], {
        cwd,
        ...(until && {
          onStart: (child) => {
            let words = '';
            child.stderr?.on('data', (data) => {
              words += data;
            });
            const timer = setInterval(() => {
              if (!until(words)) return;
              const signal = signals.shift();
              if (signal === undefined) clearInterval(timer);
              else child.kill(signal);
            }, 5);
            child.on('close', () => clearInterval(timer));
          },
        }),
      }),
    ids: () => readRecordsOf(path.join(cwd, 'out.jsonl')).map(({ id }) => id),
  };
}

const allIds = documents.map(({ id }) => id);

test('Ctrl-C waits for the call in flight and keeps it, and for none that waits for its rate', async (t) => {
  const { server, start, ids } = await setUp(t, { medianMs: 400 });
  // At one call a minute the others would wait for twenty minutes.
  const stopped = await start(['--requests-per-minute', '1'], () => server.ledger.inFlight === 1);
  assert.equal(stopped.code, 4, stopped.stderr);
  assert.match(stopped.stderr, /finishing the requests in flight/);
  assert.match(stopped.stderr, /16 in = 1 out \+ 0 rejects \+ 15 pending/);
  assert.match(stopped.stderr, /to resume: rareflow doc2query in\.jsonl/);
  assert.equal(server.ledger.sums().calls, 1);
  const done = await start([]);
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(ids(), allIds);
  assert.equal(server.ledger.sums().calls, 20, 'nothing is asked twice');
});

test('Ctrl-C waits for the calls of one stage while those of a later stage wait', async (t) => {
  const { server, start, ids } = await setUp(t, { medianMs: 300 }, 'run');
  const flags = ['--concurrency', '4', '--sampling', 'top', '--no-near-duplicate'];
  for (const answered of [4, 8]) {
    // The second time the kept answers make reasoning wait for its slots at once, while questions have them.
    const stopped = await start(flags, () => server.ledger.inFlight === 4);
    assert.equal(stopped.code, 4, stopped.stderr);
    assert.deepEqual(server.ledger.sums().statuses, { 200: answered });
  }
  const done = await start(flags);
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(ids(), allIds);
  assert.equal(server.ledger.sums().calls, 40, 'nothing is asked twice');
});

test('Ctrl-C waits for no hold that a server asked for', async (t) => {
  const { server, start } = await setUp(t, {
    retryAfterMs: 300_000,
    script: ({ index }) => (index > 0 ? 'rate429' : undefined),
  });
  const stopped = await start(['--concurrency', '1'], () => server.ledger.sums().statuses[429] === 1);
  assert.equal(stopped.code, 4, stopped.stderr);
  assert.match(stopped.stderr, / in = 1 out .* pending/);
});

test('Ctrl-C leaves batches to the provider, and the same command picks them up', async (t) => {
  const { server, start, ids } = await setUp(t, { batchMs: 2000 });
  const flags = ['--batch', '20', '--batch-poll-seconds', '1'];
  const stopped = await start(flags, (words) => words.includes('batch_1 started'));
  assert.equal(stopped.code, 4, stopped.stderr);
  assert.match(stopped.stderr, /stopping; batches continue at the provider/);
  const done = await start(flags);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /doc2query: 20 requests, .* tokens$/m, 'what was left is counted once');
  assert.match(done.stderr, /resuming 1 batches of an earlier run/);
  assert.deepEqual(ids(), allIds);
  assert.equal(server.ledger.sums().calls, 20, 'nothing is asked twice');
});

test('a terminal that is closed (SIGHUP) lets the call in flight finish; a second time it ends the run at once', async (t) => {
  const { server, start, ids } = await setUp(t, { medianMs: 400 });
  const flags = ['--requests-per-minute', '1'];
  const stopped = await start(flags, () => server.ledger.inFlight === 1, ['SIGHUP']);
  assert.equal(stopped.code, 4, stopped.stderr);
  assert.match(stopped.stderr, /finishing the requests in flight/);
  assert.match(stopped.stderr, /16 in = 1 out \+ 0 rejects \+ 15 pending/);
  let first = true;
  const isNext = (words: string) => {
    if (!first) return words.includes('finishing the requests in flight');
    first = server.ledger.inFlight === 0;
    return !first;
  };
  const left = await start(flags, isNext, ['SIGHUP', 'SIGHUP']);
  assert.equal(left.code, 130, left.stderr);
  assert.equal((await start([])).code, 0);
  assert.deepEqual(ids(), allIds);
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
test('a run whose terminal is gone ends with exit code 4, and no call is made twice', {
  skip: !hasTmux && 'tmux is not installed: apt-get install tmux',
}, async (t) => {
  const { cwd, server, start, ids } = await setUp(t, { medianMs: 400 });
  const [session, codeFile] = [path.basename(cwd), path.join(cwd, 'code')];
  const tmux = (...args: string[]) => spawnSync('tmux', ['-L', session, ...args], { cwd });
  t.after(() => tmux('kill-server'));
  // The shell of a terminal passes SIGHUP on to its jobs; this one also stays, to write the exit code down.
  writeFileSync(
    path.join(cwd, 'run.sh'),
    [
      rareflowFunction.replace('{', '{ exec'),
      'exec 3<&0',
      `rareflow doc2query in.jsonl -o out.jsonl --model m --base-url ${server.baseUrl} --requests-per-minute 1 <&3 & run=$!`,
      "trap 'kill -HUP $run' HUP",
      'wait $run; wait $run; echo $? > code',
    ].join('\n'),
  );
  assert.equal(tmux('new-session', '-d', '-s', session, 'bash run.sh').status, 0);
  while (server.ledger.inFlight === 0) await setTimeout(5);
  tmux('kill-session', '-t', session);
  while (!existsSync(codeFile) || readFileSync(codeFile, 'utf8') === '') await setTimeout(20);
  assert.equal(readFileSync(codeFile, 'utf8'), '4\n');
  assert.equal((await start([])).code, 0);
  assert.deepEqual(ids(), allIds);
  assert.equal(server.ledger.sums().calls, 20, 'nothing is asked twice');
});
