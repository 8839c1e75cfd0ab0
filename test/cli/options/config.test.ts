import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Command } from 'commander';
import type { CommandSpec } from '../../../src/cli/command.js';
import { runCommand as runCommandSpec } from '../../../src/cli/commands/run.js';
import { commands } from '../../../src/cli/commands.js';
import { applyConfig, readConfig } from '../../../src/cli/options/config.js';
import { programOf } from '../../../src/cli/program.js';
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
  return folder;
}

test('a configuration file stands between the defaults and the flags', async (t) => {
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

test('a value goes to the commands whose option of that name takes it', async (t) => {
  const cwd = folderWith(t, 'a.json', '{"profile": "dataflow", "commands": {"stand-in": {"seed": 7}}}');
  const config = await readConfig(path.join(cwd, 'a.json'), commands);
  const given = (name: string) => {
    const at = commands.findIndex((spec) => spec.name === name);
    const command = programOf(async () => {}).commands[at] as Command;
    applyConfig(command, commands[at] as CommandSpec, config);
    const { profile, seed } = command.opts();
    return [profile, seed];
  };
  assert.deepEqual(
    [given('run'), given('stand-in')],
    [
      ['dataflow', 0],
      ['openai', 7],
    ],
  );
});

test('a configuration that cannot be used is refused by its file and key', async (t) => {
  const cwd = folderWith(t, 'a.json', '');
  for (const [text, words] of [
    ['{"modle": "offline"}', /a\.json: modle: no flag has this name/],
    ['{"concurrency": "many"}', /a\.json: concurrency: It must be a whole number/],
    ['{"commands": {"run": {"sampling": "best"}}}', /a\.json: commands\.run\.sampling: .*"top"/],
    ['{"ordered": 1}', /a\.json: ordered: .*expected boolean/],
    ['{"a":', /a\.json: cannot be read/],
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

test('init writes every option of run as a comment, and what is uncommented is read', async (t) => {
  const cwd = folderWith(t, 'other.txt', '');
  assert.equal((await runCommand(['init'], { cwd })).code, 0);
  const file = path.join(cwd, 'rareflow.config.ts');
  const text = readFileSync(file, 'utf8');
  assert.match((await runCommand(['init'], { cwd })).stderr, /is there already; --force writes over it/);
  assert.deepEqual(await readConfig(file, commands), {});

  const whole = text.replace(/^ {2}\/\/ (\w+: .*,)$/gm, '  $1');
  writeFileSync(path.join(cwd, 'whole.config.ts'), whole);
  const { commands: _sections, ...flags } = await readConfig(path.join(cwd, 'whole.config.ts'), commands);
  const names = new Set(runCommandSpec.options.map((option) => option.attributeName()));
  assert.deepEqual(new Set(Object.keys(flags)), names);

  const some = text.replace(/^ {2}\/\/ (?:model|limit|concurrency): .*$/gm, (line) => line.replace('// ', ''));
  writeFileSync(file, some.replace("model: ''", "model: 'offline'"));
  const done = await runCommand(['doc2query', 'in.jsonl'], { cwd });
  assert.equal(done.records.length, 1, done.stderr);
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
