import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { isBuilt, root } from './support/command.js';
import { workFolder } from './support/workFolder.js';

test('the packed package holds only what a user needs, and works as a command, a library and a set of types', (t) => {
  const folder = workFolder(t);
  const run = (program: string, args: string[], cwd = folder) => execFileSync(program, args, { cwd, encoding: 'utf8' });
  // Other tests run what is built: it is not built again under them.
  const scripts = isBuilt ? ['--ignore-scripts'] : [];
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', ...scripts, '--pack-destination', folder], root),
  );
  const files: string[] = packed.files.map((file: { path: string }) => file.path);
  assert.deepEqual(
    files.filter(
      (file) => !/^(dist\/.+\.(js|d\.ts)|dist\/report\/page\/page\.css|package\.json|README\.md|LICENSE)$/.test(file),
    ),
    [],
  );

  run('tar', ['xzf', packed.filename]);
  const installed = path.join(folder, 'package');
  symlinkSync(path.join(root, 'node_modules'), path.join(installed, 'node_modules'));
  const { version } = JSON.parse(run(process.execPath, ['-p', 'JSON.stringify(require("./package/package.json"))']));
  assert.equal(run(process.execPath, [path.join(installed, 'dist/cli/main.js'), '--version']).trim(), version);

  const program = `
    import { type ChatModel, createModel, type DataRecord, doc2Query, drain, type Operator } from 'rareflow';
    const own: ChatModel = {
      name: 'own',
      complete: async () => ({ text: '', model: 'own', finishReason: 'stop', usage: { promptTokens: 0, completionTokens: 0 }, attempts: 1 }),
    };
    const operator: Operator<DataRecord, DataRecord> = doc2Query({ model: own.name === 'own' ? createModel({ model: 'offline' }) : own });
    async function* source() {
      yield { text: 'The tide turns.' };
    }
    console.log(await drain(operator(source())));
  `;
  writeFileSync(path.join(installed, 'use.mts'), program);
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [tsc, ...strict, '--skipLibCheck', '--types', 'node', 'use.mts'], installed);
  assert.equal(run(process.execPath, ['--import', 'tsx', 'use.mts'], installed).trim(), '1');
});
