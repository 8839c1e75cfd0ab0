import { z } from 'zod';

const count = z.number().nonnegative().optional().catch(undefined);
const text = z.string().optional().catch(undefined);

const stageUsage = z.object({
  attempts: count,
  failedAttempts: count,
  attemptSeconds: count,
  promptTokens: count,
  completionTokens: count,
  reasoningTokens: count,
  /** Dollars, as an exact decimal. */
  costUsd: z
    .union([z.string(), z.number().transform(String)])
    .optional()
    .catch(undefined),
});

const runSummary = z.object({
  rareflow: text,
  state: text,
  reason: text,
  in: count,
  extra: count,
  out: count,
  rejected: count,
  pending: count,
  seconds: count,
  sessions: count,
  startedAt: text,
  stages: z
    .array(z.object({ name: z.string(), workSeconds: count }))
    .optional()
    .catch(undefined),
  usage: z
    .object({ byStage: z.record(z.string(), stageUsage) })
    .optional()
    .catch(undefined),
});

/** What one stage asked of its model. */
export type StageUsage = z.infer<typeof stageUsage>;

/** What a run told of itself, as far as it can be read. */
export type RunSummary = z.infer<typeof runSummary>;

/** Reads `summary.json`; what is not as expected counts as not told. */
export function readRunSummary(value: unknown): RunSummary | undefined {
  return runSummary.safeParse(value).data;
}
