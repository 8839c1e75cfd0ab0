import type { ModelUsage, RareflowModel } from './createModel.js';
import { addTotals, type UsageTotals } from './middleware/usage.js';

/** The models of a run as one, for its usage and its end; `complete` asks the first. Each is counted once. */
export function modelGroup(models: readonly RareflowModel[]): RareflowModel {
  const all = [...new Set(models)];
  const [first] = all as [RareflowModel];
  if (all.length === 1) return first;
  return {
    name: first.name,
    complete: (request, options) => first.complete(request, options),
    capabilities: () => all.flatMap((model) => model.capabilities()),
    usage: () => all.map((model) => model.usage()).reduce(addModelUsage),
    drain: () => {
      for (const model of all) model.drain();
    },
    close: async () => {
      await Promise.all(all.map((model) => model.close()));
    },
  };
}

function addModelUsage(a: ModelUsage, b: ModelUsage): ModelUsage {
  const byStage: Record<string, UsageTotals> = { ...a.byStage };
  for (const [stage, totals] of Object.entries(b.byStage)) {
    const before = byStage[stage];
    byStage[stage] = before === undefined ? totals : addTotals(before, totals);
  }
  return {
    byStage,
    total: addTotals(a.total, b.total),
    inFlight: a.inFlight + b.inFlight,
    peakInFlight: a.peakInFlight + b.peakInFlight,
    waiting: a.waiting + b.waiting,
    busySeconds: a.busySeconds + b.busySeconds,
    recent: {
      tokensPerSecond: a.recent.tokensPerSecond + b.recent.tokensPerSecond,
      inFlight: a.recent.inFlight + b.recent.inFlight,
    },
    pricesAsOf: a.pricesAsOf ?? b.pricesAsOf,
    budgets: [...a.budgets, ...b.budgets],
    concurrency: a.concurrency + b.concurrency,
    holds: [...a.holds, ...b.holds],
  };
}
