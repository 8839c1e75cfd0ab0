import type { ModelUsage } from '../../llm/createModel.js';
import type { RunProgress } from '../../pipeline/progress.js';

/** The progress of a run, all sessions together, and the usage of its model in this session. */
export interface RunView {
  run: RunProgress;
  usage: ModelUsage | undefined;
}

/** Returns the average share of the concurrency that was in use, in the last 30 s. */
export function busyShare({ concurrency, recent }: ModelUsage): number {
  return concurrency === 0 ? 0 : Math.min(1, recent.inFlight / concurrency);
}
