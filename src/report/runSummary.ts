import { isRecord } from '../record.js';
import { packageVersion } from '../util/version.js';

/** The usage of the model by one stage, or by the whole run. */
export interface StageUsage {
  /** Requests that were sent, and those of them that failed. */
  attempts: number;
  failedAttempts: number;
  /** The duration of all requests, added up. */
  attemptSeconds: number;
  promptTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** Dollars, as an exact decimal; absent if the model has no price. */
  costUsd?: string | undefined;
}

interface SummarizedStage {
  name: string;
  taken: number;
  extra: number;
  given: number;
  rejected: number;
  /** The time with at least one record in progress. */
  workSeconds: number;
}

/** `OUTPUT.rareflow/summary.json`: the counts of a run, all sessions together. in + extra = out + rejected + pending. */
export interface RunSummary {
  version: 1;
  /** The version of rareflow that wrote it. */
  rareflow: string;
  /** `stopped`: the run can be resumed. `failed`: it has no results. */
  state: 'done' | 'stopped' | 'failed';
  /** The reason that it stopped or failed. */
  reason?: string | undefined;
  output: string;
  /** The form of the output, such as `CSV, gzipped`; absent for JSON Lines. */
  outputForm?: string | undefined;
  rejects?: string | undefined;
  in: number;
  extra: number;
  out: number;
  rejected: number;
  pending: number;
  /** The counts of each stage: taken + extra = given + rejected. */
  stages: SummarizedStage[];
  /** Requests, tokens and cost, in total and by stage; absent if no model was asked. */
  usage?: { total: StageUsage; byStage: Record<string, StageUsage> } | undefined;
  /** The duration of all sessions, how many there were, and the start of the first (ISO 8601). */
  seconds: number;
  sessions?: number | undefined;
  startedAt?: string | undefined;
  /** All that shapes the records. */
  settings?: Record<string, unknown> | undefined;
  /** The number of shards that were put together: `seconds` and `sessions` are then their sums, `startedAt` the first start. */
  shards?: number | undefined;
}

/** The counts that `runPipeline` resolves to. */
type Counts = Pick<RunSummary, 'in' | 'extra' | 'out' | 'rejected' | 'pending' | 'stages' | 'seconds'>;

/** `sessions`, `startedAt` and `settings` are in the state of the run's store; `usage` is what `model.usage()` returns. */
export type RunFacts = Pick<
  RunSummary,
  'state' | 'reason' | 'output' | 'outputForm' | 'rejects' | 'usage' | 'sessions' | 'startedAt' | 'settings'
>;

/** Returns the summary of a run, from the counts that `runPipeline` resolves to: what `rareflow report` reads. */
export function runSummary(counts: Counts, facts: RunFacts): RunSummary {
  const { in: read, extra, out, rejected, pending, seconds } = counts;
  const stages = counts.stages.map(({ name, taken, extra, given, rejected, workSeconds }) => {
    return { name, taken, extra, given, rejected, workSeconds };
  });
  const { state, reason, output, outputForm, rejects, sessions, startedAt, settings } = facts;
  const usage = facts.usage && { total: facts.usage.total, byStage: facts.usage.byStage };
  return {
    version: 1,
    rareflow: packageVersion(),
    ...{ state, reason, output, outputForm, rejects, in: read, extra, out, rejected, pending, stages, usage },
    ...{ seconds, sessions, startedAt, settings },
  };
}

/** A summary as far as it can be read: another version, or a person, may have written it. */
export type ReadableSummary = Partial<
  Pick<RunSummary, 'rareflow' | 'reason' | 'in' | 'extra' | 'out' | 'rejected' | 'pending'> &
    Pick<RunSummary, 'seconds' | 'sessions' | 'startedAt'>
> & {
  state?: string | undefined;
  stages?: (Pick<SummarizedStage, 'name'> & Partial<SummarizedStage>)[] | undefined;
  usage?: { byStage: Record<string, Partial<StageUsage>> } | undefined;
};

/** Reads the content of a `summary.json`. A value of another type than expected counts as absent. */
export function readRunSummary(value: unknown): ReadableSummary | undefined {
  if (!isRecord(value)) return undefined;
  const { stages, usage } = value;
  const byStage = isRecord(usage) && isRecord(usage.byStage) ? Object.entries(usage.byStage) : undefined;
  return {
    ...fieldsOf(value, isString, ['rareflow', 'state', 'reason', 'startedAt']),
    ...fieldsOf(value, isCount, ['in', 'extra', 'out', 'rejected', 'pending', 'seconds', 'sessions']),
    stages: Array.isArray(stages)
      ? stages.filter((stage) => isRecord(stage) && isString(stage.name)).map(readableStage)
      : undefined,
    usage: byStage && { byStage: Object.fromEntries(byStage.map(([stage, totals]) => [stage, readableUsage(totals)])) },
  };
}

function readableStage(stage: { name: string } & Record<string, unknown>) {
  const counts = ['taken', 'extra', 'given', 'rejected', 'workSeconds'] as const;
  return { name: stage.name, ...fieldsOf(stage, isCount, counts) };
}

function readableUsage(value: unknown): Partial<StageUsage> {
  const totals = isRecord(value) ? value : {};
  const { costUsd } = totals;
  const requests = ['attempts', 'failedAttempts', 'attemptSeconds'] as const;
  return {
    ...fieldsOf(totals, isCount, [...requests, 'promptTokens', 'completionTokens', 'reasoningTokens']),
    ...(isString(costUsd) || isCount(costUsd) ? { costUsd: String(costUsd) } : {}),
  };
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

function fieldsOf<T, const K extends string>(
  record: Record<string, unknown>,
  is: (value: unknown) => value is T,
  keys: readonly K[],
): Partial<Record<K, T>> {
  return Object.fromEntries(keys.map((key) => [key, record[key]]).filter(([, value]) => is(value))) as Partial<
    Record<K, T>
  >;
}
