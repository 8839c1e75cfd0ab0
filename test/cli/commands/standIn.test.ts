import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

/** Starts the real command and waits for the line with its base URL. */
async function standIn(t: TestContext, args: string[], env: Record<string, string> = {}) {
  let stderr = '';
  let child: ChildProcess | undefined;
  const ended = runCommand(['stand-in', ...args], { env, onStart: (started) => (child = started) });
  t.after(() => child?.kill('SIGKILL'));
  child?.stderr?.on('data', (text) => {
    stderr += text;
  });
  const stdout = child?.stdout;
  assert.ok(stdout);
  const [baseUrl] = (await Promise.race([
    once(createInterface(stdout), 'line'),
    ended.then(() => Promise.reject(new Error(stderr))),
  ])) as [string];
  return { baseUrl, ended, kill: (signal: 'SIGINT' | 'SIGTERM') => child?.kill(signal) };
}

test('a pipeline is rehearsed against the stand-in, with faults and its own key; at the end the stand-in reports its sums', async (t) => {
  const folder = workFolder(t);
  const records = Array.from({ length: 30 }, (_, i) => ({ id: `d${i}`, text: `The tide of day ${i} turns twice.` }));
  const input = writeRecords(folder, 'in.jsonl', records);
  const env = { REHEARSAL_KEY: 'sk-of-the-rehearsal' };
  const server = await standIn(t, ['--faults', 'passing=0.2,rate429=0.05', '--api-key-env', 'REHEARSAL_KEY'], env);
  assert.match(server.baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  const flags = ['--model', 'any', '--base-url', server.baseUrl, '--api-key-env', 'REHEARSAL_KEY'];
  const done = await runCommand(['doc2query', input, ...flags], { env });
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.records.length, 30, done.stderr);
  server.kill('SIGTERM');
  const { code, stdout, stderr } = await server.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${server.baseUrl}\n`, 'nothing on stdout but the base URL');
  const sums = JSON.parse(stderr.trim());
  assert.deepEqual([sums.records, sums.inFlight], [30, 0]);
  assert.ok(sums.calls > 30 && Object.keys(sums.faults).length > 0, stderr);
  assert.equal(sums.statuses[401], undefined);
});

test('a wrong flag is a usage error that suggests the right form', async () => {
  const refused: [string[], RegExp][] = [
    [['--faults', 'rate429=0.1,htp500=0.1'], /no fault is named "htp500"; did you mean http500\?/],
    [['--faults', 'http500'], /list of NAME=RATE/],
  ];
  await Promise.all(
    refused.map(async ([args, words]) => {
      const { code, stdout, stderr } = await runCommand(['stand-in', ...args]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, words);
    }),
  );
});
