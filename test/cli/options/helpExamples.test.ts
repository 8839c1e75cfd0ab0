import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import pMap from 'p-map';
import { commands } from '../../../src/cli/commands.js';
import { brokenExample } from '../../../src/cli/options/help.js';
import { programOf } from '../../../src/cli/program.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { rareflowFunction, root } from '../../support/command.js';
import { workFolder } from '../../support/workFolder.js';

/** These make what the examples of others read. */
const makers = ['index', 'doc2query', 'bm25-hard-neg', 'reason-distill', 'run'];
const firstExampleOf = (command: string) => commands.find(({ name }) => name === command)?.examples[0] as string;
/** Merged and shown by the examples of others. */
const shards = ['run', 'corpus.jsonl', '--index', 'corpus.bm25', '--model', 'offline', '-o', 'out/', '--shard'].join(
  ' ',
);
const serving = /^rareflow (view|stand-in)/;

test('the first example of every command works as it is printed, with a stand-in where it names a server', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn();
  t.after(() => server.close());
  const documents = readFileSync(path.join(root, 'examples/corpus.jsonl'), 'utf8').split('\n').slice(0, 24);
  const corpus = [...documents, '{"id": "to be rejected", "text": ""}'].join('\n');
  writeFileSync(path.join(folder, 'corpus.jsonl'), corpus);
  writeFileSync(path.join(folder, 'bright.jsonl'), '{"question": "a benchmark that shares no words with it"}');
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    OPENAI_BASE_URL: server.baseUrl,
    OPENAI_API_KEY: 'sk-test',
  };

  /** Runs one in bash as --help breaks it into lines; a server is interrupted once it has printed its address. */
  async function run(example: string): Promise<void> {
    const here = example.replace(/https?:\/\/\S+/, server.baseUrl).replace(/--port \d+/, '--port 0');
    const child = spawn('bash', ['-c', `set -o pipefail; ${rareflowFunction}; ${brokenExample(here, 76)}`], {
      cwd: folder,
      env,
      detached: true,
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stdout.once('data', () => {
      if (serving.test(example)) process.kill(-(child.pid as number), 'SIGINT');
    });
    child.stdout.resume();
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, `${example}\n${output}`);
  }

  for (const name of makers) {
    // A finished output is not replaced by another command.
    for (const file of ['out.jsonl', 'out.jsonl.rareflow', 'out.rejects.jsonl']) {
      rmSync(path.join(folder, file), { recursive: true, force: true });
    }
    await run(firstExampleOf(name));
  }
  for (const shard of ['0/2', '1/2']) await run(`rareflow ${shards} ${shard}`);
  // Those of a queue need a Redis: test/queue has one.
  const apart = [...makers, 'worker', 'workers'];
  const others = commands.map(({ name }) => name).filter((name) => !apart.includes(name));
  await pMap([...others.map(firstExampleOf), 'rareflow run --help | head -3'], run, { concurrency: 2 });
});

test('every example of --help names flags, values and arguments that its command takes', async () => {
  let parsed: string | undefined;
  const program = programOf(async ({ name }) => {
    parsed = name;
  });
  for (const { name, examples } of commands) {
    for (const example of examples) {
      const [, line = ''] = /\brareflow ([^|<>]+)/.exec(example) ?? [];
      const words = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
      await program.parseAsync(words, { from: 'user' });
      assert.equal(parsed, words[0], example);
    }
    assert.ok(examples.some((example) => example.includes(`rareflow ${name}`)));
  }
});
