import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { costOf, type ModelPrice, priceOf } from '../../../src/llm/cost/prices.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { prices } from '../../support/budgetRun.js';
import { root, runCommand } from '../../support/command.js';
import { workFolder } from '../../support/workFolder.js';

const corpus = path.join(root, 'examples/corpus.jsonl');
const capFemtodollars = 4_000_000_000_000n;

test('doc2query stops under its budget, keeps its records, and reports the spending and how to resume', async (t) => {
  const folder = workFolder(t);
  writeFileSync(path.join(folder, 'prices.json'), JSON.stringify(prices));
  const script = ({ index }: { index: number }) => (index === 5 ? 'resetAfterBilled' : undefined);
  const server = await startStandIn({ script });
  const money = ['--prices', 'prices.json', '--budget-usd', '0.004', '--max-tokens', '300'];
  const args = ['doc2query', corpus, '-o', 'out.jsonl', '--model', 'stand-in', '--base-url', server.baseUrl, ...money];
  const { code, stderr } = await runCommand(args, { cwd: folder });
  await server.close();
  assert.equal(code, 4, stderr);
  assert.match(stderr, /stopped in .*: \d+ in = \d+ out \+ 0 rejects \+ \d+ pending/);
  assert.match(stderr, /doc2query: \d+ requests, .* tokens, \$0\.00\d+, plus 1 whose bill is unknown\n/);
  assert.match(
    stderr,
    /budget: \$0\.003\d+ of \$0\.004 spent, \$0\.000\d+ of it assumed because the bill is unknown\n/,
  );
  assert.match(stderr, /the budget is reached: \$0\.003\d+ of \$0\.004 spent .*the next call may use .*run again/);
  assert.match(stderr, /to resume: rareflow doc2query .*--budget-usd 0\.004/);
  assert.ok(!existsSync(path.join(folder, 'out.jsonl')));
  const price = priceOf(prices, 'stand-in') as ModelPrice;
  const billed = server.ledger.calls.reduce((sum, call) => sum + costOf(price, call), 0n);
  assert.ok(billed > capFemtodollars / 2n && billed <= capFemtodollars, String(billed));
});

const refused: [string[], RegExp][] = [
  [
    ['--budget-usd', '1', '--max-tokens', '9'],
    /a budget in dollars requires the price of m; give prices \(--prices FILE\)/,
  ],
  [['--budget-tokens', '9000'], /requires a cap on each answer.*--max-tokens/],
  [['--prices', 'nothing.json'], /the prices file nothing\.json cannot be read/],
];
for (const [flags, message] of refused) {
  test(`rareflow doc2query ${flags.join(' ')} is refused at the start`, async () => {
    const args = ['doc2query', corpus, '--model', 'm', '--base-url', 'http://127.0.0.1:9/v1', ...flags];
    const { code, stderr } = await runCommand(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  });
}
