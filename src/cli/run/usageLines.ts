import type { UsageSnapshot, UsageTotals } from '../../llm/middleware/usage.js';
import { formatCompact, formatCount, formatSeconds } from '../progress/terminal.js';

/** Returns the requests, tokens and cost of each stage, and what was spent of the budgets, a line each. */
export function usageLines({ total, byStage, pricesAsOf, budgets }: UsageSnapshot): string[] {
  const stages = Object.entries(byStage);
  const lines = stages.map(([stage, totals]) => `  ${stage}: ${usageText(totals, pricesAsOf)}`);
  if (stages.length > 1 && total.costUsd !== undefined) {
    lines.push(`  total: $${total.costUsd} at the prices of ${pricesAsOf}`);
  }
  for (const [stage, totals] of stages) lines.push(...capLines(stage, totals));
  for (const { cap, spent, assumed } of budgets) {
    const unknown = assumed === undefined ? '' : `, ${assumed} of it assumed because the bill is unknown`;
    lines.push(`  budget: ${spent} of ${cap} spent${unknown}`);
  }
  return lines;
}

/** A share of answers at their cap above this is reported. */
const MANY_CAPPED = 0.02;

/** Returns a warning if many answers of a stage were cut off at their cap. */
function capLines(stage: string, { cappedAnswers = 0, calls, cachedCalls }: UsageTotals): string[] {
  const asked = calls - cachedCalls;
  if (cappedAnswers <= MANY_CAPPED * asked) return [];
  const share = `${formatCount(cappedAnswers)} answers for ${formatCount(asked)} records`;
  return [`  ${stage}: warning: ${share} were cut off at their cap: raise --max-tokens`];
}

/** Writes dollars without an exponent, to a billionth. */
const dollarText = (amount: number) => amount.toFixed(9).replace(/\.?0+$/, '');

function usageText(totals: UsageTotals, pricesAsOf: string | undefined): string {
  const { attempts, promptTokens, completionTokens, estimatedTokens, unknownAttempts, costUsd } = totals;
  const { cachedCalls, savedTokens, attemptSeconds, reportedCostUsd = 0, cutOffPrompts = 0 } = totals;
  const tokens = `${formatCompact(promptTokens)} + ${formatCompact(completionTokens)} tokens`;
  const estimated = estimatedTokens > 0 ? ' (estimated)' : '';
  const cost = pricesAsOf === undefined ? '' : costUsd === undefined ? ', unpriced' : `, $${costUsd}`;
  const reported = reportedCostUsd > 0 ? `, $${dollarText(reportedCostUsd)} reported by the provider` : '';
  const unknown = unknownAttempts === 0 ? '' : `, plus ${formatCount(unknownAttempts)} whose bill is unknown`;
  const cached =
    cachedCalls === 0 ? '' : `; ${formatCount(cachedCalls)} from the cache (${formatCompact(savedTokens)} tokens)`;
  const cutOff = cutOffPrompts === 0 ? '' : `; ${formatCount(cutOffPrompts)} prompts seem to be cut off by the server`;
  const time = attempts === 0 ? '' : `, ${formatSeconds(attemptSeconds / attempts)} each`;
  return `${formatCount(attempts)} requests${time}, ${tokens}${estimated}${cost}${reported}${unknown}${cached}${cutOff}`;
}
