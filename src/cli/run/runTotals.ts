import { addTotals, type UsageSnapshot, type UsageTotals } from '../../llm/middleware/usage.js';
import type { RunProgress } from '../../pipeline/progress.js';
import { formatCount, formatSeconds } from '../progress/terminal.js';
import { usageLines } from './usageLines.js';

export interface RunTotalsOptions {
  state: 'done' | 'stopped';
  /** The output, if it is complete. */
  output?: string;
  rejectsPath: string | undefined;
  usage: UsageSnapshot | undefined;
  notes: (() => string[]) | undefined;
  extraLabel: string | undefined;
}

/** Returns the totals of a run: the number of records in, out, rejected and pending, then its usage. */
export function runTotals(run: RunProgress, options: RunTotalsOptions): string {
  const { state, output = '-', rejectsPath, usage, notes, extraLabel = 'from further questions' } = options;
  const extra = run.extra === 0 ? '' : ` + ${formatCount(run.extra)} ${extraLabel}`;
  const pending = run.pending === 0 ? '' : ` + ${formatCount(run.pending)} pending`;
  const to = output === '-' ? '' : ` (${output})`;
  const rejectsTo = run.rejected === 0 || rejectsPath === undefined ? '' : ` (${rejectsPath})`;
  const lines = [
    `rareflow: ${state} in ${formatSeconds(run.seconds)}: ${formatCount(run.in)} in${extra} = ${formatCount(run.out)} out${to} + ${formatCount(run.rejected)} rejects${rejectsTo}${pending}`,
  ];
  lines.push(...(notes?.() ?? []));
  if (usage !== undefined) lines.push(...usageLines(usage));
  return lines.join('\n');
}

/** The usage of the earlier sessions of a run. */
export type EarlierUsage = Pick<UsageSnapshot, 'total' | 'byStage'>;

/** Adds the usage of earlier sessions to that of this one. */
export function addEarlierUsage(now: UsageSnapshot, earlier: EarlierUsage | undefined): UsageSnapshot {
  if (earlier === undefined) return now;
  const byStage: Record<string, UsageTotals> = { ...earlier.byStage };
  for (const [stage, totals] of Object.entries(now.byStage)) {
    const before = byStage[stage];
    byStage[stage] = before === undefined ? totals : addTotals(before, totals);
  }
  return { ...now, byStage, total: addTotals(earlier.total, now.total) };
}
