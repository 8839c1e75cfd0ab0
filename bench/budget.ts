// Question: does the bill of a server ever pass the budget, and how much of the budget is used before the run stops?
// Fair because: what was billed is read from the server's own ledger, including what it reported to nobody (answers lost after they were
// billed, answers without usage, cut bodies); documents are of 130 to 4,300 characters in three scripts, so reserves differ
// widely; an eighth of all calls is hit by some fault. The clean runs show what the reserves alone leave unused.
import assert from 'node:assert/strict';
import { type BudgetRun, budgetRun, isBudgetStop } from '../test/support/budgetRun.js';

const seeds = Number(process.argv[2] ?? 50);
const capUsd = Number(process.argv[3] ?? 0.05);
const records = Math.ceil(capUsd * 20_000);

const shares = (values: number[]) => {
  const sorted = values.map((value) => value / capUsd).sort((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(4));
  return { least: at(0), median: at(0.5), most: at(1) };
};

async function runs(hasFaults: boolean) {
  const all: BudgetRun[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const run = await budgetRun({ seed, cap: capUsd, records, hasFaults });
    assert.ok(isBudgetStop(run.error), `seed ${seed} did not use its budget up: ${run.error}`);
    all.push(run);
  }
  const over = all.filter(({ billed, spent }) => billed > capUsd || spent > capUsd).length;
  assert.equal(over, 0);
  const sum = (pick: (run: BudgetRun) => number) => all.reduce((total, run) => total + pick(run), 0);
  return {
    overshot: over,
    calls: sum(({ calls }) => calls),
    billedButUntold: sum(({ untold }) => untold),
    countedOfCap: shares(all.map(({ spent }) => spent)),
    billedOfCap: shares(all.map(({ billed }) => billed)),
  };
}

const withFaults = await runs(true);
const clean = await runs(false);
console.log(JSON.stringify({ bench: 'budget', seeds, capUsd, concurrency: 16, withFaults, clean }));
