import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import pMap from 'p-map';
import { commands } from '../../src/cli/commands.js';
import { brokenExample } from '../../src/cli/help.js';
import { programOf } from '../../src/cli/program.js';
import { startStandIn } from '../../src/standIn/server.js';
import { builtCommand } from '../support/builtCommand.js';
import { root } from '../support/command.js';
import { workFolder } from '../support/workFolder.js';

/** These make, or make anew, what the examples of others read. */
const makers = ['index', 'doc2query', 'bm25-hard-neg', 'reason-distill', 'run', 'stand-in'];
const serving = /^rareflow (view|stand-in)/;

test('every example of --help works as it is printed, with a stand-in where it names a server', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn();
  t.after(() => server.close());
  const documents = readFileSync(path.join(root, 'examples/corpus.jsonl'), 'utf8').split('\n').slice(0, 24);
  const corpus = [...documents, '{"id": "to be rejected", "text": ""}'].join('\n');
  writeFileSync(path.join(folder, 'corpus.jsonl'), corpus);
  writeFileSync(path.join(folder, 'queries.jsonl'), corpus);
  writeFileSync(path.join(folder, 'dump.jsonl.gz'), gzipSync(corpus));
  const price = { input: '0.15', output: '0.60' };
  const prices = { asOf: '2026-05-31', models: { 'gpt-4o-mini': price } };
  writeFileSync(path.join(folder, 'prices.json'), JSON.stringify(prices));
  mkdirSync(path.join(folder, '.config/fish/completions'), { recursive: true });
  const env = {
    PATH: `${builtCommand(path.join(folder, 'built'))}:${process.env.PATH}`,
    HOME: folder,
    OPENAI_BASE_URL: server.baseUrl,
    OPENAI_API_KEY: 'sk-test',
    DEEPSEEK_API_KEY: 'sk-test',
  };

  /** Runs one in bash as --help breaks it into lines; a server is interrupted once it has told its address. */
  async function run(example: string): Promise<void> {
    const here = example.replace(/https?:\/\/\S+/, server.baseUrl).replace(/--port \d+/, '--port 0');
    const child = spawn('bash', ['-c', `set -o pipefail; ${brokenExample(here, 76)}`], {
      cwd: folder,
      env,
      detached: true,
    });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      told += text;
    });
    child.stdout.once('data', () => {
      if (serving.test(example)) process.kill(-(child.pid as number), 'SIGINT');
    });
    child.stdout.resume();
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, `${example}\n${told}`);
  }

  assert.ok(commands.every(({ examples }) => examples.length > 0));
  const making = makers.flatMap((name) => commands.find((command) => command.name === name)?.examples ?? []);
  for (const example of making) await run(example);
  cpSync(path.join(folder, 'out.jsonl.rareflow/cache'), path.join(folder, 'rareflow-cache'), { recursive: true });
  const all = [...programOf(async () => {}).examples, ...commands.flatMap(({ examples }) => examples)];
  const others = new Set([...all, 'rareflow run --help | head -3'].filter((example) => !making.includes(example)));
  await pMap(others, run, { concurrency: 3 });
});
