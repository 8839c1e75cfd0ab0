interface TotalsSample {
  atMs: number;
  totals: number[];
}

/** Measures how fast totals grow: over the last 30 s, or since the last call if that is longer ago. */
export class RecentRates {
  readonly #samples: TotalsSample[];

  readonly #windowMs: number;

  /** `totals` are those at the start of the measurement. */
  constructor(totals: number[], windowMs = 30_000, nowMs = performance.now()) {
    this.#windowMs = windowMs;
    this.#samples = [{ atMs: nowMs, totals }];
  }

  /** Takes the current totals, in the same order each time, and returns the growth of each per second. */
  next(totals: number[], nowMs = performance.now()): number[] {
    const samples = this.#samples;
    // The window begins at the newest sample that is as old as it is long.
    while (samples.length > 1 && nowMs - (samples[1] as TotalsSample).atMs >= this.#windowMs) samples.shift();
    if (nowMs - (samples.at(-1) as TotalsSample).atMs >= this.#windowMs / 30) samples.push({ atMs: nowMs, totals });
    const first = samples[0] as TotalsSample;
    const seconds = (nowMs - first.atMs) / 1000;
    return totals.map((total, index) => (seconds > 0 ? (total - (first.totals[index] ?? 0)) / seconds : 0));
  }
}
