import type { UsageSnapshot, UsageTotals } from '../../llm/middleware/usage.js';
import { formatCompact, formatCount, formatSeconds } from '../progress/terminal.js';

/** Returns the requests, tokens and cost of each stage, and what was spent of the budgets, a line each. */
export function usageLines({ total, byStage, pricesAsOf, budgets }: UsageSnapshot): string[] {
  const stages = Object.entries(byStage);
  const lines = stages.map(([stage, totals]) => `  ${stage}: ${usageText(totals, pricesAsOf)}`);
  if (stages.length > 1 && total.costUsd !== undefined) {
    lines.push(`  total: $${total.costUsd} at the prices of ${pricesAsOf}`);
  }
  for (const { cap, spent, assumed } of budgets) {
    const unknown = assumed === undefined ? '' : `, ${assumed} of it assumed because the bill is unknown`;
    lines.push(`  budget: ${spent} of ${cap} spent${unknown}`);
  }
  return lines;
}

function usageText(totals: UsageTotals, pricesAsOf: string | undefined): string {
  const { attempts, promptTokens, completionTokens, estimatedTokens, unknownAttempts, costUsd } = totals;
  const { cachedCalls, savedTokens, attemptSeconds } = totals;
  const tokens = `${formatCompact(promptTokens)} + ${formatCompact(completionTokens)} tokens`;
  const estimated = estimatedTokens > 0 ? ' (estimated)' : '';
  const cost = pricesAsOf === undefined ? '' : costUsd === undefined ? ', unpriced' : `, $${costUsd}`;
  const unknown = unknownAttempts === 0 ? '' : `, plus ${formatCount(unknownAttempts)} whose bill is unknown`;
  const cached =
    cachedCalls === 0 ? '' : `; ${formatCount(cachedCalls)} from the cache (${formatCompact(savedTokens)} tokens)`;
  const time = attempts === 0 ? '' : `, ${formatSeconds(attemptSeconds / attempts)} each`;
  return `${formatCount(attempts)} requests${time}, ${tokens}${estimated}${cost}${unknown}${cached}`;
}
