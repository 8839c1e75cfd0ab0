import { addTotals, type UsageSnapshot, type UsageTotals } from '../../llm/middleware/usage.js';
import type { RunProgress } from '../../pipeline/progress.js';
import { formatCount, formatSeconds } from '../progress/terminal.js';
import { spendingLines } from './spending.js';

export interface Account {
  how: 'done' | 'stopped';
  /** The output, where it is complete. */
  output?: string;
  rejectsPath: string | undefined;
  usage: UsageSnapshot | undefined;
  notes: (() => string[]) | undefined;
  extraWords: string | undefined;
}

/** Where every record went, and what it cost. */
export function accountOf(run: RunProgress, account: Account): string {
  const { how, output = '-', rejectsPath, usage, notes, extraWords } = account;
  const extra = run.extra === 0 ? '' : ` + ${formatCount(run.extra)} ${extraWords ?? 'from further questions'}`;
  const pending = run.pending === 0 ? '' : ` + ${formatCount(run.pending)} undone`;
  const to = output === '-' ? '' : ` (${output})`;
  const where = run.rejected === 0 || rejectsPath === undefined ? '' : ` (${rejectsPath})`;
  const lines = [
    `rareflow: ${how} in ${formatSeconds(run.seconds)}: ${formatCount(run.in)} in${extra} = ${formatCount(run.out)} out${to} + ${formatCount(run.rejected)} rejects${where}${pending}`,
  ];
  lines.push(...(notes?.() ?? []));
  if (usage !== undefined) lines.push(...spendingLines(usage));
  return lines.join('\n');
}

/** What a model was asked for in earlier sessions of a run. */
export type EarlierUsage = Pick<UsageSnapshot, 'total' | 'byStage'>;

/** What all sessions of a run asked for, this one among them. */
export function withEarlier(now: UsageSnapshot, before: EarlierUsage | undefined): UsageSnapshot {
  if (before === undefined) return now;
  const byStage: Record<string, UsageTotals> = { ...before.byStage };
  for (const [stage, totals] of Object.entries(now.byStage)) {
    const earlier = byStage[stage];
    byStage[stage] = earlier === undefined ? totals : addTotals(earlier, totals);
  }
  return { ...now, byStage, total: addTotals(before.total, now.total) };
}
