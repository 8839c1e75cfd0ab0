import type { ModelUsage } from '../../llm/createModel.js';
import type { Eta } from '../../pipeline/eta.js';
import type { Reject } from '../../record.js';
import { isRecord } from '../../record.js';
import { busyShare, type RunView } from './runView.js';

/**
 * A line of `--json-progress`: the run every second, and at its end with the state `done` or `stopped`. Every key is always
 * present; unknown values are null. in + extra = out + rejected + pending, and of a stage
 * taken + extra = given + rejected + inFlight. Rates and `busyShare` are of the last 30 s. The counts are of all sessions
 * of a run, those of the model are of this session.
 */
export interface JsonProgress {
  type: 'progress';
  state: 'running' | 'done' | 'stopped';
  /** The reason that it stopped. */
  reason: string | null;
  /** ISO 8601, UTC. */
  at: string;
  seconds: number;
  in: number;
  extra: number;
  out: number;
  rejected: number;
  pending: number;
  perSecond: number;
  /** The share of the input that is finished, from 0 to 1. */
  share: number | null;
  /** `high` is null if there is no upper bound. */
  etaSeconds: { low: number; mid: number; high: number | null } | null;
  stages: {
    name: string;
    taken: number;
    extra: number;
    given: number;
    rejected: number;
    inFlight: number;
    /** The time with at least one record in progress. */
    workSeconds: number;
    perSecond: number;
    lastReject: JsonReject | null;
  }[];
  lastReject: JsonReject | null;
  model: JsonModel | null;
}

/** A reject without its record. */
export interface JsonReject {
  stage: string;
  reason: string;
  /** The id of the record, if it has one. */
  id: unknown;
  path: string | null;
  line: number | null;
}

export interface JsonModel {
  inFlight: number;
  concurrency: number;
  /** Attempts in flight on average, of `concurrency`. */
  busyShare: number;
  waiting: number;
  tokensPerSecond: number;
  /** An exact decimal, or null if the model has no price. */
  dollars: string | null;
  budgets: ModelUsage['budgets'];
  holds: ModelUsage['holds'];
  total: ModelUsage['total'];
  byStage: ModelUsage['byStage'];
}

/** Returns a run as a line of `--json-progress`. */
export function jsonProgress(
  { run, usage }: RunView,
  state: JsonProgress['state'] = 'running',
  reason?: string,
): JsonProgress {
  const { in: read, extra, out, rejected, pending, perSecond, share, eta, lastReject } = run;
  return {
    type: 'progress',
    state,
    reason: reason ?? null,
    at: new Date().toISOString(),
    seconds: rounded(run.seconds),
    ...{ in: read, extra, out, rejected, pending },
    perSecond: rounded(perSecond),
    share: share === undefined ? null : rounded(share, 6),
    etaSeconds: eta === undefined || state !== 'running' ? null : jsonEta(eta),
    stages: run.stages.map(({ name, taken, extra, given, rejected, inFlight, workSeconds, perSecond, lastReject }) => ({
      ...{ name, taken, extra, given, rejected, inFlight },
      workSeconds: rounded(workSeconds),
      perSecond: rounded(perSecond),
      lastReject: jsonReject(lastReject),
    })),
    lastReject: jsonReject(lastReject),
    model: usage === undefined ? null : jsonModel(usage),
  };
}

function jsonModel(usage: ModelUsage): JsonModel {
  const { inFlight, concurrency, waiting, recent, total, byStage, budgets, holds } = usage;
  return {
    ...{ inFlight, concurrency, waiting, budgets, total, byStage },
    busyShare: rounded(busyShare(usage)),
    tokensPerSecond: rounded(recent.tokensPerSecond),
    dollars: total.costUsd ?? null,
    holds: holds.map((hold) => ({ ...hold, seconds: rounded(hold.seconds) })),
  };
}

const jsonEta = ({ low, mid, high }: Eta) => ({
  low: rounded(low),
  mid: rounded(mid),
  high: high === undefined ? null : rounded(high),
});

function jsonReject(reject: Reject | undefined): JsonReject | null {
  if (reject === undefined) return null;
  const { stage, reason, record, path = null, line = null } = reject;
  return { stage, reason, id: isRecord(record) ? (record.id ?? null) : null, path, line };
}

/** Drops digits beyond the precision of the measurement. */
function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
