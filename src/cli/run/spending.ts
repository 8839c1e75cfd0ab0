import type { UsageSnapshot, UsageTotals } from '../../llm/middleware/usage.js';
import { formatCompact, formatCount, formatSeconds } from '../progress/terminal.js';

/** What each stage asked for and what that cost, and what is left of the budgets: the end of a run's account. */
export function spendingLines({ total, byStage, pricesAsOf, budgets }: UsageSnapshot): string[] {
  const stages = Object.entries(byStage);
  const lines = stages.map(([stage, totals]) => `  ${stage}: ${usageWords(totals, pricesAsOf)}`);
  if (stages.length > 1 && total.costUsd !== undefined) {
    lines.push(`  total: $${total.costUsd} by the prices of ${pricesAsOf}`);
  }
  for (const { cap, spent, assumed } of budgets) {
    const unknown = assumed === undefined ? '' : `, ${assumed} of it assumed where no bill was told`;
    lines.push(`  budget: ${spent} of ${cap} spent${unknown}`);
  }
  return lines;
}

function usageWords(totals: UsageTotals, pricesAsOf: string | undefined): string {
  const { attempts, promptTokens, completionTokens, estimatedTokens, unknownAttempts, costUsd } = totals;
  const { cachedCalls, savedTokens, attemptSeconds } = totals;
  const tokens = `${formatCompact(promptTokens)} + ${formatCompact(completionTokens)} tokens`;
  const estimated = estimatedTokens > 0 ? ' (estimated)' : '';
  const cost = pricesAsOf === undefined ? '' : costUsd === undefined ? ', unpriced' : `, $${costUsd}`;
  const unknown = unknownAttempts === 0 ? '' : `, besides ${formatCount(unknownAttempts)} of unknown bill`;
  const cached =
    cachedCalls === 0 ? '' : `; ${formatCount(cachedCalls)} from the cache (${formatCompact(savedTokens)} tokens)`;
  const time = attempts === 0 ? '' : `, ${formatSeconds(attemptSeconds / attempts)} each`;
  return `${formatCount(attempts)} requests${time}, ${tokens}${estimated}${cost}${unknown}${cached}`;
}
