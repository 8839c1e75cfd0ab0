import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openMetrics } from '../../../src/cli/progress/metrics.js';
import { UsageError } from '../../../src/errors.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

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
    Array.from(range(40), (n) => ({ text: `The tide of day ${n} turns.` })),
  );
  writeRecords(cwd, 'prices.json', [{ asOf: '2026-11-01', models: { m: { input: '1', output: '2' } } }]);
  const server = await startStandIn({ medianMs: 150 });
  t.after(() => server.close());
  const given = 'rareflow_records_total{stage="doc2query",outcome="given"}';
  let url = '';
  let text = '';
  let looked: Promise<void> | undefined;
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
        const look = async () => {
          while (text === '' && child.exitCode === null) {
            await delay(100);
            const now = url === '' ? '' : await (await fetch(url)).text();
            if ((samplesOf(now)[given] ?? 0) >= 3) text = now;
          }
          missing = (await fetch(new URL('/', url))).status;
        };
        looked = look();
      },
    },
  );
  await looked;
  assert.equal(code, 0, stderr);
  const samples = samplesOf(text);
  const sample = (name: string) => samples[name] as number;
  assert.ok(sample(given) >= 3, text);
  assert.equal(
    sample('rareflow_records_total{stage="doc2query",outcome="taken"}'),
    sample(given) + sample('rareflow_records_in_flight{stage="doc2query"}'),
  );
  assert.ok(sample('rareflow_llm_calls_total{stage="doc2query",outcome="answered"}') >= 3, text);
  assert.ok(sample('rareflow_llm_tokens_total{stage="doc2query",kind="prompt"}') > 300);
  assert.ok(sample('rareflow_llm_dollars_total{stage="doc2query"}') > 0);
  assert.ok(sample('rareflow_stage_work_seconds_total{stage="doc2query"}') > 0.1);
  assert.ok(sample('rareflow_llm_busy_seconds_total') > 0.3);
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
  const line = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const { code, stderr } = await runCommand([...line, '--metrics-port', `${port}`], { cwd });
  assert.equal(code, 2, stderr);
  assert.match(stderr, new RegExp(`cannot open --metrics-port ${port} at 127\\.0\\.0\\.1: .*EADDRINUSE`));
  assert.equal(stderr.trim().split('\n').length, 1, 'nothing was started');
  assert.equal(server.ledger.calls.length, 0);
  await assert.rejects(openMetrics({ metricsPort: 99_999 }), UsageError);
  await assert.rejects(openMetrics({ metricsHost: '::1' }), /needs --metrics-port/);
});
