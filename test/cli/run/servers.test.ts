import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const texts = Array.from({ length: 12 }, (_, i) => ({ id: i, text: `Glaciers carve valley number ${i}.` }));

test('several servers share the calls, each with its own key; a command line replaces those of a configuration', async (t) => {
  const cwd = workFolder(t);
  const input = writeRecords(cwd, 'in.jsonl', texts);
  const servers = await Promise.all(['sk-one', 'sk-two'].map((apiKey) => startStandIn({ apiKey, medianMs: 20 })));
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const env = { KEY_ONE: 'sk-one', KEY_TWO: 'sk-two' };
  const calls = () => servers.map(({ ledger }) => ledger.sums().statuses['200'] ?? 0);

  const config = { model: 'm', baseUrl: servers.map(({ baseUrl }) => baseUrl), apiKeyEnv: Object.keys(env) };
  writeFileSync(path.join(cwd, 'rareflow.config.json'), JSON.stringify(config));
  writeFileSync(path.join(cwd, 'package.json'), '{"dependencies": {"rareflow": "*"}}');
  const both = await runCommand(['doc2query', input], { cwd, env });
  assert.equal(both.records.length, 12, both.stderr);
  assert.ok(
    calls().every((count) => count > 0),
    String(calls()),
  );
  const [first] = calls();
  const one = ['--base-url', servers[1]?.baseUrl ?? '', '--api-key-env', 'KEY_TWO'];
  assert.equal((await runCommand(['doc2query', input, ...one], { cwd, env })).records.length, 12);
  assert.equal(calls()[0], first);
});

test('keys are given once for all servers, or once for each', async (t) => {
  const cwd = workFolder(t);
  const input = writeRecords(cwd, 'in.jsonl', texts);
  const servers = ['--base-url', 'http://localhost:1/v1', '--base-url', 'http://localhost:2/v1'];
  const keys = ['A', 'B', 'C'].flatMap((name) => ['--api-key-env', name]);
  const done = await runCommand(['doc2query', input, '--model', 'm', ...servers, ...keys], { cwd });
  assert.equal(done.code, 2);
  assert.match(done.stderr, /--api-key-env was given 3 times for 2 servers/);
});
