import type { Estimate } from '../../chain/estimateStage.js';
import type { PricedEstimate, RunPlan } from '../../chain/planRun.js';
import { formatCompact, formatCount } from './terminal.js';

/** Returns the estimates of a dry run as a table of at most 80 columns, with the bounds of their total as its last rows. */
export function planTable({ stages, total }: RunPlan, hasPrices: boolean): string[] {
  const cost = ({ costUsd }: PricedEstimate, bound: keyof Estimate) =>
    hasPrices ? [costUsd === undefined ? 'unpriced' : roundedCost(costUsd[bound])] : [];
  const row = (name: string, estimate: PricedEstimate, bound: keyof Estimate) => [
    name,
    formatCount(estimate.calls),
    formatCompact(estimate.promptTokens[bound]),
    formatCompact(estimate.completionTokens[bound]),
    ...cost(estimate, bound),
  ];
  const cells = [
    ['stage', 'calls', 'prompt tokens', 'answer tokens', ...(hasPrices ? ['cost'] : [])],
    ...(stages.length === 1 ? stages : [...stages, total]).map((stage) => row(stage.stage, stage, 'likely')),
    row('at least about', total, 'least'),
    row('at most about', total, 'most'),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map(([name = '', ...figures]) =>
    [name.padEnd(widths[0] ?? 0), ...figures.map((figure, column) => figure.padStart(widths[column + 1] ?? 0))].join(
      '  ',
    ),
  );
}

/** Rounds dollars to the cent, and amounts below one dollar to a hundredth of a cent. */
function roundedCost(costUsd: string): string {
  const cost = Number(costUsd);
  if (cost >= 1) return `$${cost.toFixed(2)}`;
  return cost > 0 && cost < 0.0001 ? '<$0.0001' : `$${cost.toFixed(4)}`;
}
