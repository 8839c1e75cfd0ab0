interface Sample {
  atMs: number;
  totals: number[];
}

/** How fast totals have grown of late: over the last 30 s, or since it was last asked where that is longer ago. */
export class RecentRates {
  readonly #samples: Sample[];

  /** `totals` are as they stand when it begins to look. */
  constructor(
    totals: number[],
    private readonly windowMs = 30_000,
    nowMs = performance.now(),
  ) {
    this.#samples = [{ atMs: nowMs, totals }];
  }

  /** Takes the totals as they are now, in the same order each time, and tells by how much each grew a second. */
  next(totals: number[], nowMs = performance.now()): number[] {
    const samples = this.#samples;
    // The window begins at the newest sample that is as old as it is long.
    while (samples.length > 1 && nowMs - (samples[1] as Sample).atMs >= this.windowMs) samples.shift();
    if (nowMs - (samples.at(-1) as Sample).atMs >= this.windowMs / 30) samples.push({ atMs: nowMs, totals });
    const first = samples[0] as Sample;
    const seconds = (nowMs - first.atMs) / 1000;
    return totals.map((total, place) => (seconds > 0 ? (total - (first.totals[place] ?? 0)) / seconds : 0));
  }
}
