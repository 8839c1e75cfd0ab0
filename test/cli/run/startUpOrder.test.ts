import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { checkIndexSpace } from '../../../src/chain/diskSpace.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

test('what can be rejected is rejected before an index is built or a call is made, and nothing is left behind', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn({});
  t.after(() => server.close());
  const documents = Array.from(range(20), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));
  writeRecords(folder, 'in.jsonl', documents);
  mkdirSync(path.join(folder, 'folder'));
  mkdirSync(path.join(folder, 'closed'));
  chmodSync(path.join(folder, 'closed'), 0o555);
  writeFileSync(path.join(folder, 'prices.json'), '{');
  const before = readdirSync(folder, { recursive: true });
  const served = ['run', 'in.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const cases: [string[], RegExp][] = [
    [[...served, '-o', 'folder'], /folder: is a directory/],
    [[...served, '-o', 'out.jsonl', '--rejects', 'folder'], /folder: is a directory/],
    [[...served, '-o', 'out.jsonl', '--cache', 'in.jsonl'], /in\.jsonl: is a file or inside a file/],
    [[...served, '-o', 'out.jsonl', '--prices', 'prices.json'], /prices\.json/],
    [[...served, '-o', 'out.jsonl', '--question-key', 'text'], /under the key "text", which is read/],
    [[...served, '-o', 'out.jsonl', '--num-neg', '0'], /--num-neg must be a whole number >= 1/],
    [[...served, '-o', 'out.jsonl', '--metrics-port', '99999'], /--metrics-port 99999/],
    [['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'gpt-4o'], /no key for gpt-4o/],
    // Root may write to any folder.
    ...(process.getuid?.() === 0
      ? []
      : ([[[...served, '-o', 'closed/out.jsonl'], /no permission/]] satisfies [string[], RegExp][])),
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stderr } = await runCommand(args, { cwd: folder });
      assert.match(stderr, message);
      assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
      assert.doesNotMatch(stderr, /indexed/);
    }),
  );
  assert.deepEqual(readdirSync(folder, { recursive: true }), before);
  assert.equal(server.ledger.sums().calls, 0);
});

test('an index is not begun on a disk that has no room for it', (t) => {
  const folder = workFolder(t);
  const corpus = path.join(folder, 'corpus.jsonl');
  writeFileSync(corpus, '');
  checkIndexSpace([corpus, '-'], path.join(folder, 'new/index.bm25'), true);
  try {
    truncateSync(corpus, 2 ** 43);
  } catch {
    t.skip('the file system takes no sparse file of 8 TiB');
    return;
  }
  assert.throws(
    () => checkIndexSpace([corpus], path.join(folder, 'new/index.bm25'), true),
    /the index needs at least 2,097,152 MiB, and [\d,]+ MiB are free there/,
  );
});
