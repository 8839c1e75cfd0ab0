import { ModelError } from '../../src/errors.js';
import { dollars } from '../../src/llm/cost/dollars.js';
import { costOf, type ModelPrice, type Prices, priceOf } from '../../src/llm/cost/prices.js';
import { createModel } from '../../src/llm/createModel.js';
import { doc2Query } from '../../src/operators/doc2Query/doc2Query.js';
import type { Reject } from '../../src/record.js';
import { chance } from '../../src/standIn/faults/chance.js';
import type { FaultRates } from '../../src/standIn/faults/faults.js';
import { startStandIn } from '../../src/standIn/http/server.js';
import { range, watched } from './sources.js';
import { fine, free, passing } from './standInModel.js';

export const prices: Prices = {
  asOf: '2026-05-31',
  models: { 'stand-in': { input: '0.15', cachedInput: '0.075', output: '0.60' } },
};
const price = priceOf(prices, 'stand-in') as ModelPrice;

export interface BudgetRunOptions {
  seed: number;
  /** The budget, in dollars or tokens, by `unit`. */
  cap: number;
  unit?: 'usd' | 'tokens';
  /** More than the budget pays for. */
  records: number;
  concurrency?: number;
  hasFaults?: boolean;
}

export interface BudgetRun {
  /** The cost of all calls at the server, including those whose usage it did not report. */
  billed: number;
  /** The cost that the budget counted. */
  spent: number;
  error: unknown;
  taken: number;
  out: number;
  rejected: number;
  calls: number;
  untold: number;
}

/** Returns a document of 200 to 4,000 characters, in one of three scripts. */
function textOf(seed: number, n: number): string {
  const sentence = [
    'Glaciers carve valleys where ice is thick. ',
    'Ледники прорезают долины там, где лёд толстый. ',
    '冰川在冰厚的地方刻出山谷。',
  ][n % 3] as string;
  return `${n}. ${sentence.repeat(5 + Math.floor(90 * chance(seed, n, 'length')))}`;
}

/** All faults that a run survives. */
const faults: FaultRates = {
  ...Object.fromEntries([...passing, ...free, ...fine, 'finishLength'].map((name) => [name, 0.005])),
  resetAfterBilled: 0.02,
};

/** Runs doc2query under a budget, against a server with a fault in an eighth of all calls. */
export async function budgetRun(options: BudgetRunOptions): Promise<BudgetRun> {
  const { seed, cap, unit = 'usd', records, concurrency = 16, hasFaults = true } = options;
  const server = await startStandIn({
    seed,
    faults: hasFaults ? faults : {},
    medianMs: 2,
    sigma: 0.8,
    retryAfterMs: 5,
  });
  const model = createModel({
    model: 'stand-in',
    baseUrl: server.baseUrl,
    ...{ prices, concurrency, maxTokens: 400, baseDelayMs: 1, maxDelayMs: 5, firstHoldMs: 5, loadingDelayMs: 2 },
    ...(unit === 'usd' ? { budgetUsd: cap } : { budgetTokens: cap }),
  });
  const source = watched(Array.from(range(records), (n) => ({ id: String(n), text: textOf(seed, n) })));
  const rejects: Reject[] = [];
  let out = 0;
  let error: unknown;
  try {
    const operator = doc2Query({ model, concurrency, rejects: (one) => void rejects.push(one) });
    for await (const _ of operator(source)) out += 1;
  } catch (caught) {
    error = caught;
  }
  const [budget] = model.usage().budgets;
  await model.close();
  await server.close();
  const { calls } = server.ledger;
  const billedOf = (call: (typeof calls)[number]) =>
    unit === 'usd' ? Number(dollars(costOf(price, call))) : call.promptTokens + call.completionTokens;
  return {
    billed: calls.reduce((sum, call) => sum + billedOf(call), 0),
    spent: Number(/[\d.]+/.exec(budget?.spent ?? '')?.[0]),
    error,
    taken: source.pulled,
    out,
    rejected: rejects.length,
    calls: calls.length,
    untold: calls.filter(({ told }) => !told).length,
  };
}

export function isBudgetStop(error: unknown): boolean {
  return error instanceof ModelError && /^the budget is reached/.test(error.message);
}
