import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { CommandSpec } from '../../../src/cli/command.js';
import { runCommand as runCommandSpec } from '../../../src/cli/commands/run.js';
import { commands } from '../../../src/cli/commands.js';
import { configValues, readConfig } from '../../../src/cli/options/config.js';
import { flagsOf } from '../../../src/cli/options/flags.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

function folderWith(t: TestContext, name: string, text: string): string {
  const folder = workFolder(t);
  writeRecords(
    folder,
    'in.jsonl',
    [1, 2, 3].map((i) => ({ id: i, text: `The tide ${i} turns.` })),
  );
  writeFileSync(path.join(folder, name), text);
  writeFileSync(path.join(folder, 'package.json'), '{"dependencies": {"rareflow": "*"}}');
  return folder;
}

test('a configuration file overrides the defaults, and flags override it', async (t) => {
  const text = `const limit: number = 2;
    export default { model: 'offline', limit, commands: { 'reason-distill': { limit: 1 } } };`;
  const cwd = folderWith(t, 'rareflow.config.ts', text);
  const lines = async (...args: string[]) =>
    (await runCommand(['doc2query', 'in.jsonl', ...args], { cwd })).records.length;
  assert.equal(await lines(), 2);
  assert.equal(await lines('--limit', '1'), 1);
  const without = await runCommand(['doc2query', 'in.jsonl', '--no-config'], { cwd });
  assert.match(without.stderr, /no model was named/);
});

test('a flag that takes a value or none may have either in a configuration', async (t) => {
  const cwd = folderWith(t, 'rareflow.config.json', '{"model": "offline", "cache": "kept", "nearDuplicate": false}');
  const done = await runCommand(['doc2query', 'in.jsonl', '--config', 'rareflow.config.json'], { cwd });
  assert.equal(done.records.length, 3, done.stderr);
  assert.ok(existsSync(path.join(cwd, 'kept')));
});

test('a configured value goes to the commands whose option of that name accepts it', async (t) => {
  const cwd = folderWith(t, 'a.json', '{"profile": "dataflow", "commands": {"stand-in": {"seed": 7}}}');
  const config = await readConfig(path.join(cwd, 'a.json'), commands);
  const given = (name: string) => {
    const spec = commands.find((one) => one.name === name) as CommandSpec;
    const { profile, seed } = configValues(spec, config);
    return [profile, seed];
  };
  assert.deepEqual(
    [given('run'), given('stand-in')],
    [
      ['dataflow', undefined],
      [undefined, 7],
    ],
  );
});

test('a configuration that cannot be used is refused by its file and key', async (t) => {
  const cwd = folderWith(t, 'a.json', '');
  for (const [text, words] of [
    ['{"modle": "offline"}', /a\.json: no option is named "modle"; did you mean model\?/],
    ['{"concurrency": "many"}', /a\.json: concurrency must be a whole number >= 1, got the string "many"/],
    [
      '{"commands": {"run": {"sampling": "best"}}}',
      /a\.json: commands\.run\.sampling must be top, random or dissimilar, got the string "best"/,
    ],
    ['{"ordered": 1}', /a\.json: ordered must be true or false, got 1/],
    ['{"a":', /cannot read a\.json: /],
  ] as const) {
    writeFileSync(path.join(cwd, 'a.json'), text);
    const done = await runCommand(['doc2query', 'in.jsonl', '--config', 'a.json'], { cwd });
    assert.equal(done.code, 2);
    assert.match(done.stderr, words);
  }
  const absent = await runCommand(['doc2query', 'in.jsonl', '--config', 'b.json'], { cwd });
  assert.match(absent.stderr, /b\.json: no such file/);
  assert.equal((await runCommand(['run', '--help', '--config', 'a.json'], { cwd })).code, 0);
});

test('init writes every option of run as a comment, and uncommented options are read', async (t) => {
  const cwd = folderWith(t, 'other.txt', '');
  assert.equal((await runCommand(['init'], { cwd })).code, 0);
  const file = path.join(cwd, 'rareflow.config.mjs');
  const text = readFileSync(file, 'utf8');
  assert.match((await runCommand(['init'], { cwd })).stderr, /already exists; --force overwrites it/);
  assert.match((await runCommand(['init', 'a.json'], { cwd })).stderr, /a\.json: .*; name a \.mjs, \.js or \.ts file/);
  assert.deepEqual(await readConfig(file, commands), {});

  const whole = text.replace(/^ {2}\/\/ (\w+: .*,)$/gm, '  $1');
  writeFileSync(path.join(cwd, 'whole.config.mjs'), whole);
  const { commands: _sections, ...flags } = await readConfig(path.join(cwd, 'whole.config.mjs'), commands);
  const names = new Set(flagsOf(runCommandSpec.options).map(({ setting }) => setting));
  assert.deepEqual(new Set(Object.keys(flags)), names);

  const some = text.replace(/^ {2}\/\/ (?:model|limit|concurrency): .*$/gm, (line) => line.replace('// ', ''));
  writeFileSync(file, some.replace("model: 'text'", "model: 'offline'"));
  const done = await runCommand(['doc2query', 'in.jsonl'], { cwd });
  assert.equal(done.records.length, 1, done.stderr);
});

test('the configuration of an untrusted folder is named and not read', async (t) => {
  const cwd = folderWith(
    t,
    'rareflow.config.mjs',
    'process.stdout.write("ran\\n"); export default { model: "offline" };',
  );
  rmSync(path.join(cwd, 'package.json'));
  const env = { XDG_CONFIG_HOME: path.join(cwd, 'home') };
  const call = (args: string[] = [], more = {}) =>
    runCommand(['doc2query', 'in.jsonl', ...args], { cwd, env: { ...env, ...more } });
  const strange = await call();
  assert.equal(strange.code, 2);
  assert.doesNotMatch(strange.stdout, /ran/);
  assert.match(strange.stderr, /rareflow\.config\.mjs was not read, .*: --config rareflow\.config\.mjs reads it/);

  for (const done of [
    await call(['--config', 'rareflow.config.mjs']),
    await call([], { RAREFLOW_CONFIG: './rareflow.config.mjs' }),
  ]) {
    assert.match(done.stdout, /ran/);
    assert.match(done.stderr, /options from (\.\/)?rareflow\.config\.mjs/);
  }
  assert.doesNotMatch((await call(['--no-config'])).stderr, /rareflow\.config\.mjs/);

  assert.equal((await runCommand(['init', '--force'], { cwd, env })).code, 0);
  writeFileSync(path.join(cwd, 'rareflow.config.mjs'), 'export default { model: "offline" };');
  const trusted = await call();
  assert.equal(trusted.records.length, 3, trusted.stderr);
});

test('a folder that cannot be recorded as trusted does not stop init', async (t) => {
  const cwd = folderWith(t, 'home', 'a file');
  rmSync(path.join(cwd, 'package.json'));
  const done = await runCommand(['init'], { cwd, env: { XDG_CONFIG_HOME: path.join(cwd, 'home') } });
  assert.equal(done.code, 0);
  assert.match(done.stderr, /could not be recorded as trusted .*: name it, --config rareflow\.config\.mjs/);
});

test('a configuration sends OPENAI_API_KEY only to a server that the environment or the command line names', async (t) => {
  const cwd = folderWith(t, 'in.txt', '');
  const server = await startStandIn({ apiKey: 'sk-of-openai' });
  t.after(() => server.close());
  const { baseUrl } = server;
  const config = { model: 'm', baseUrl, apiKeyEnv: 'OPENAI_API_KEY' };
  writeFileSync(path.join(cwd, 'rareflow.config.json'), JSON.stringify(config));
  const env = { OPENAI_API_KEY: 'sk-of-openai', ALIAS: 'sk-of-openai' };
  const call = (args: string[] = [], more = {}) =>
    runCommand(['doc2query', 'in.jsonl', ...args], { cwd, env: { ...env, ...more } });

  for (const args of [[], ['--api-key-env', 'OPENAI_API_KEY'], ['--api-key-env', 'ALIAS']]) {
    const refused = await call(args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /rareflow\.config\.json: the key in OPENAI_API_KEY is not sent to 127\.0\.0\.1:\d+/);
    assert.match(refused.stderr, /--base-url or OPENAI_BASE_URL/);
  }
  assert.equal(server.ledger.sums().calls, 0);
  for (const done of [
    await call(['--base-url', baseUrl]),
    await call([], { OPENAI_BASE_URL: baseUrl }),
    await call(['--api-key-env', 'OWN'], { OWN: 'sk-of-openai', OPENAI_API_KEY: 'sk-another' }),
  ]) {
    assert.equal(done.records.length, 3, done.stderr);
  }
});

test('the file that was read or ignored is named before anything is refused', async (t) => {
  const cwd = folderWith(t, 'rareflow.config.json', '{"numNeg": 2}');
  const env = { XDG_CONFIG_HOME: path.join(cwd, 'home') };
  const read = await runCommand(['search'], { cwd, env });
  assert.match(read.stderr, /options from rareflow\.config\.json\n.*search needs --index/);
  rmSync(path.join(cwd, 'package.json'));
  const ignored = await runCommand(['search'], { cwd, env });
  assert.match(ignored.stderr, /rareflow\.config\.json was not read, .*\n.*search needs --index/);
});

test('completion knows commands, flags and choices', async (t) => {
  const script = path.join(workFolder(t), 'rareflow.bash');
  writeFileSync(script, (await runCommand(['completion', 'bash'])).stdout);
  const completed = (...words: string[]) => {
    const typed = words.map((word) => `'${word}'`).join(' ');
    const ask = `. ${script}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _rareflow; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim();
  };
  assert.equal(completed('rareflow', 'doc'), 'doc2query doctor');
  assert.equal(completed('rareflow', 'export', '--form'), '--format');
  assert.equal(completed('rareflow', 'export', '--format', 'm'), 'messages');
  assert.equal(completed('rareflow', 'run', '--sampling', ''), 'top random dissimilar');
  assert.equal(completed('rareflow', 'stand-in', '--profile', 'vllm'), 'vllm vllm-old');
  assert.equal(completed('rareflow', 'run', '--profile', ''), 'dataflow reasonir');
  assert.equal(completed('rareflow', 'help', 'bm'), 'bm25-hard-neg');
  assert.match((await runCommand(['completion', 'fish'])).stdout, /-l sampling .* -x -a 'top random dissimilar'/);
});
