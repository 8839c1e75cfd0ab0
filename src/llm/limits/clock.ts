import { type MaybeSignal, untilAborted } from '../../util/abort.js';

/** The time that the middleware uses; a test passes its own. */
export interface Clock {
  /** Milliseconds of a clock that never runs backwards. */
  now(): number;
  /** Resolves after `ms`; rejects with the reason of the first signal to abort. */
  sleep(ms: number, ...signals: MaybeSignal[]): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, ...signals) =>
    untilAborted(signals, (resolve) => {
      const timer = setTimeout(resolve, ms);
      return () => clearTimeout(timer);
    }),
};
