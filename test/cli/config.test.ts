import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { runCommand } from '../support/command.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

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

test('init writes a file that can be read, and none over another', async (t) => {
  const cwd = folderWith(t, 'other.txt', '');
  assert.equal((await runCommand(['init'], { cwd })).code, 0);
  const file = path.join(cwd, 'rareflow.config.ts');
  const text = readFileSync(file, 'utf8');
  assert.equal((await runCommand(['init'], { cwd })).code, 2);
  const uncommented = text
    .replace(/^ {2}\/\/ ((?:model|limit|concurrency): )/gm, '  $1')
    .replace("model: ''", "model: 'offline'");
  writeFileSync(file, uncommented.replace('limit: 0', 'limit: 1'));
  const done = await runCommand(['doc2query', 'in.jsonl'], { cwd });
  assert.equal(done.records.length, 1, done.stderr);
});
