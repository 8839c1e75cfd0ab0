import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { startStandIn } from '../../src/standIn/server.js';
import { runCommand } from '../support/command.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

/** `name{label="value"} 12` → { 'name{label="value"}': 12 } */
function samplesOf(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

test('--metrics-port serves the figures of the run and of the process while it runs, and no longer', async (t) => {
  const cwd = workFolder(t);
  writeRecords(
    cwd,
    'in.jsonl',
    Array.from(range(60), (n) => ({ text: `The tide of day ${n} turns.` })),
  );
  writeRecords(cwd, 'prices.json', [{ asOf: '2026-11-01', models: { m: { input: '1', output: '2' } } }]);
  const server = await startStandIn({ medianMs: 150 });
  t.after(() => server.close());
  let url = '';
  let text = '';
  let missing = 0;
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const { code, stderr } = await runCommand(
    [...line, '--concurrency', '3', '--metrics-port', '0', '--prices', 'prices.json'],
    {
      cwd,
      onStart: (child) => {
        child.stderr?.on('data', (data) => {
          url ||= /metrics at (\S+)/.exec(`${data}`)?.[1] ?? '';
        });
        const timer = setInterval(async () => {
          if (url === '' || server.ledger.sums().calls < 35) return;
          clearInterval(timer);
          text = await (await fetch(url)).text();
          missing = (await fetch(new URL('/', url))).status;
        }, 5);
        child.on('close', () => clearInterval(timer));
      },
    },
  );
  assert.equal(code, 0, stderr);
  const samples = samplesOf(text);
  const sample = (name: string) => samples[name] as number;
  assert.ok(sample('rareflow_records_total{stage="doc2query",outcome="given"}') >= 3, text);
  assert.equal(
    sample('rareflow_records_total{stage="doc2query",outcome="taken"}'),
    sample('rareflow_records_total{stage="doc2query",outcome="given"}') +
      sample('rareflow_records_in_flight{stage="doc2query"}'),
  );
  assert.ok(sample('rareflow_llm_calls_total{stage="doc2query",outcome="answered"}') >= 30, text);
  assert.ok(sample('rareflow_llm_tokens_total{stage="doc2query",kind="prompt"}') > 1000);
  assert.ok(sample('rareflow_llm_dollars_total{stage="doc2query"}') > 0);
  assert.ok(sample('rareflow_llm_busy_seconds_total') > 1);
  assert.equal(sample('rareflow_llm_concurrency'), 3);
  assert.ok(sample('rareflow_llm_calls_in_flight') <= 3);
  assert.ok(sample('process_resident_memory_bytes') > 1e6);
  assert.match(text, /# TYPE rareflow_records_total counter/);
  assert.equal(missing, 404);
  await assert.rejects(fetch(url), 'the server is closed');
});

test('a port for metrics that is taken is an error of usage, before anything is asked', async (t) => {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [{ text: 'Tides.' }]);
  const server = await startStandIn();
  t.after(() => server.close());
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as AddressInfo;
  const cases = [
    ['doc2query', port, 'EADDRINUSE'],
    ['run', port, 'EADDRINUSE'],
    ['doc2query', 99_999, 'should be >= 0 and < 65536'],
  ] as const;
  for (const [command, port, why] of cases) {
    const line = [command, 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
    const { code, stderr } = await runCommand([...line, '--metrics-port', `${port}`], { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`--metrics-port ${port} cannot be had at 127\\.0\\.0\\.1: .*${why}`));
    assert.equal(stderr.trim().split('\n').length, 1, 'nothing was begun');
  }
  assert.equal(server.ledger.calls.length, 0);
});
