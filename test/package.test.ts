import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readRecordsOf, root } from './support/command.js';
import { run, unpackedPackage } from './support/unpackedPackage.js';

test('the packed package holds only what a user needs, and works as a command, a library and a set of types', (t) => {
  const { folder, installed, files } = unpackedPackage(t);
  const expected =
    /^(dist\/.+\.(js|d\.ts)|dist\/search\/analysis\/stemmers\/.+\.cjs|dist\/report\/page\/page\.css|dist\/licenses\.txt|package\.json|README\.md|LICENSE)$/;
  assert.deepEqual(
    files.filter((file) => !expected.test(file)),
    [],
  );
  assert.ok(!files.some((file) => file.includes('bundlePage')));

  const main = path.join(installed, 'dist/cli/main.js');
  const { version } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  assert.equal(run(process.execPath, [main, '--version'], folder).trim(), version);
  const corpus = path.join(root, 'examples/corpus.jsonl');
  const output = path.join(folder, 'out.jsonl');
  const offline = ['--model', 'offline', '--limit', '5', '--metrics-port', '0'];
  run(process.execPath, [main, 'run', corpus, '-o', output, ...offline], folder);
  assert.equal(readRecordsOf(output).length, 5);
  run(process.execPath, [main, 'report', output], folder);
  writeFileSync(path.join(folder, 'table.csv'), 'id,text\n1,"Die Häuser, alt"\n2,Ein Garten\n');
  run(process.execPath, [main, 'index', 'table.csv', '-o', 'table.bm25', '--analyzer', 'german'], folder);
  assert.match(run(process.execPath, [main, 'search', '--index', 'table.bm25', 'Haus'], folder), /Häuser/);
  const page = readFileSync(path.join(folder, 'out.report.html'), 'utf8');
  assert.ok(page.includes(readFileSync(path.join(installed, 'dist/report/page/page.js'), 'utf8')));

  const program = `
    import { type ChatModel, createModel, type DataRecord, doc2Query, drain, type Operator } from 'rareflow';
    import { Bm25Storage, bm25Options } from 'rareflow/flexsearch';
    import { makeReport } from 'rareflow/report';
    import { operatorContract, type StandIn, startStandIn } from 'rareflow/testing';
    const own: ChatModel = {
      name: 'own',
      complete: async () => ({ text: '', model: 'own', finishReason: 'stop', usage: { promptTokens: 0, completionTokens: 0 }, attempts: 1 }),
    };
    const operator: Operator<DataRecord, DataRecord> = doc2Query({ model: own.name === 'own' ? createModel({ model: 'offline' }) : own });
    async function* source() {
      yield { text: 'The tide turns.' };
    }
    const server: StandIn = await startStandIn();
    const asked = doc2Query({ model: createModel({ model: 'any', baseUrl: server.baseUrl }) });
    const { records } = await makeReport(() => asked(source()));
    await server.close();
    console.log(await drain(operator(source())), records, typeof Bm25Storage, typeof bm25Options, typeof operatorContract);
  `;
  writeFileSync(path.join(installed, 'use.mts'), program);
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [tsc, ...strict, '--skipLibCheck', '--types', 'node', 'use.mts'], installed);
  assert.equal(run(process.execPath, ['use.mjs'], installed).trim(), '1 1 function function function');
});
