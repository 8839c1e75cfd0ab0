import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { readRecordsOf, root } from './support/command.js';
import { run, unpackedPackage } from './support/unpackedPackage.js';

const hasNpm = spawnSync('npm', ['--version']).status === 0;
const unpacked = hasNpm ? unpackedPackage({ after }) : undefined;

test('the packed package holds only what a user needs, and works as a command', {
  skip: !hasNpm && 'npm cannot run',
}, () => {
  assert.ok(unpacked);
  const { folder, installed, files } = unpacked;
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
});

/** A whole chain as a user would write it: no cast, documents of a custom interface, a custom model wrapped in retries, cache and budget. */
const chain = `
import { pipeline } from 'node:stream/promises';
import { from } from 'ix/asynciterable';
import { map } from 'ix/asynciterable/operators';
import {
  bm25HardNeg, type ChatModel, type CustomModel, createModel, doc2Query, operator, openIndex, reasonDistill, recordOperator, textInput,
  type Reject, type Source,
} from 'rareflow';

interface Page { url: string; body: string; year: number }
const pages: Page[] = [{ url: 'https://example.org', body: 'The tide turns.', year: 2020 }];
async function* ownSource(): AsyncGenerator<Page> {
  yield* pages;
}
const upper = (text: string): string => text.toUpperCase();

const own: ChatModel = {
  name: 'own',
  complete: async () => ({
    text: '', model: 'own', finishReason: 'stop', usage: { promptTokens: 0, completionTokens: 0 }, attempts: 1,
  }),
};
const custom: CustomModel = { name: 'custom', complete: async ({ messages }, { signal }) => ({ text: String(messages.length) + signal.aborted }) };
const model = createModel({ model: custom, cache: 'cache', budgetTokens: 1000, maxTokens: 100, concurrency: 4 });
const index = await openIndex('corpus.bm25');
const rejected: Reject[] = [];

// Called directly, on a generator and on an array.
for await (const record of doc2Query({ model, textKey: 'body', rejects: (one) => void rejected.push(one) })(ownSource())) {
  upper(record.question + record.scenario + record.url + record.year.toFixed());
  upper(record._rareflow.doc2query.prompt);
}
for await (const { q, year } of doc2Query({ model: own, textKey: 'body', questionKey: 'q', provenance: false })(pages)) {
  upper(q + year.toFixed());
}

// Through ix, with a map of the user.
const toText = ({ body, ...page }: Page) => ({ ...page, text: body });
const chain = from(ownSource()).pipe(
  map(toText),
  doc2Query({ model }),
  bm25HardNeg({ index, details: true }),
  reasonDistill({ model, reasoningKey: 'why' }),
);
for await (const record of chain) {
  upper(record.text + record.url + record.question + record.why + (record.hard_negatives[0] ?? ''));
  record.question.length + record.year;
  const details: number[] = record.hard_negatives_details.negatives.map(({ rank }) => rank);
  const order: number[] = record._rareflow.reason_distill.order;
  upper(record._rareflow.doc2query.model + details.concat(order).join());
}

// By node:stream. Its types drop what an earlier step gave: such keys are \`any\` in the last one, the last step's are typed.
await pipeline(ownSource, map(toText), doc2Query({ model }), bm25HardNeg({ index }), async (records) => {
  for await (const record of records) upper(record.question + record.url + (record.hard_negatives[0] ?? ''));
});
await pipeline(chain, async (records) => {
  for await (const record of records) upper(record.url + record.why + (record.hard_negatives[0] ?? ''));
});

// Custom operators are typed the same way, and are checked.
const lengths = recordOperator({ stage: 'lengths', inputs: [textInput('text')], outputs: ['length'] }, {}, async ({ text }) => [
  { fields: { length: text.length }, provenance: { unit: 'characters' } },
]);
const typed: Source<{ text: string; url: string; length: number }> = lengths([{ text: 'a', url: 'b' }]);
const plain = operator<Page, string>(async function* (source) {
  for await (const { url } of source) yield url;
});
for await (const url of plain(pages)) upper(url);

// @ts-expect-error an option that does not exist
doc2Query({ model, queriesPerDocs: 2 });
// @ts-expect-error a model that is missing
doc2Query({ textKey: 'body' });
// @ts-expect-error the path of an index
bm25HardNeg({ index: 'corpus.bm25' });
// @ts-expect-error a string is not a source of records
doc2Query({ model })('corpus.jsonl');
for await (const record of doc2Query({ model, questionKey: 'q' })(pages)) {
  // @ts-expect-error the question is under another key
  record.question;
}
export { typed };
`;

/** A program that runs without a server of its own. */
const used = `
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

const settings = {
  bundler: { module: 'ESNext', moduleResolution: 'Bundler', noEmit: true },
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' },
};

/** Their own declarations do not pass without skipLibCheck: ix needs lib.dom's StreamPipeOptions, flexsearch has four errors. */
const knownErrors = /node_modules\/(ix\/\w+\/todomstream|flexsearch\/index)\.d\.ts\(/;

test('strict programs outside the repository compile against the packed types, and run', {
  skip: !hasNpm && 'npm cannot run',
}, () => {
  assert.ok(unpacked);
  const { installed } = unpacked;
  writeFileSync(path.join(installed, 'chain.mts'), chain);
  writeFileSync(path.join(installed, 'use.mts'), used);
  for (const [name, setting] of Object.entries(settings)) {
    const compilerOptions = {
      ...setting,
      ...{ target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'], types: ['node'] },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
      preserveSymlinks: true, // packages that only the repository has are not found
    };
    const config = path.join(installed, `${name}.json`);
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ['chain.mts', 'use.mts'] }));
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
    const errors = stdout.split('\n').filter((line) => line !== '' && !knownErrors.test(line));
    assert.deepEqual(errors, [], name);
  }
  assert.equal(run(process.execPath, ['use.mjs'], installed).trim(), '1 1 function function function');
});

test('the packed types describe each declared option', { skip: !hasNpm && 'npm cannot run' }, async () => {
  assert.ok(unpacked);
  const { installed } = unpacked;
  for (const operator of ['doc2Query', 'bm25HardNeg', 'reasonDistill']) {
    const file = path.join(installed, 'dist/operators', operator, 'options');
    const { [`${operator}Options`]: declared } = await import(`${file}.js`);
    const types = readFileSync(`${file}.d.ts`, 'utf8');
    for (const [name, { help }] of Object.entries<{ help: string }>(declared)) {
      const comment = new RegExp(`/\\*\\* (.*) \\*/\\n {4}${name}:`).exec(types)?.[1] ?? '';
      assert.equal(comment.slice(1, help.length), help.slice(1), name);
    }
  }
});
