export interface Point {
  x: number;
  y: number;
}

export interface Slope {
  /** The median of the slopes between all pairs of groups (Theil and Sen): outliers, up to 29 % of the groups, do not move it. */
  slope: number;
  /** The interval that holds the true slope with 95 % probability. */
  low: number;
  high: number;
}

/**
 * Fits a straight line robustly, and gives its interval from the order of the pairs' slopes (Sen 1968, equation 2.6, by the variance
 * of Kendall's S). Neighbouring samples of a process are alike, so the samples count only as `groups` points, the medians
 * of neighbours: single samples would make the interval too narrow.
 */
export function robustSlope(points: readonly Point[], { groups = 10 } = {}): Slope {
  const medians = grouped(points, groups);
  const slopes = medians
    .flatMap((from, at) => medians.slice(at + 1).map((to) => (to.y - from.y) / (to.x - from.x)))
    .sort((a, b) => a - b);
  const count = medians.length;
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const outside = Math.max(0, Math.floor((slopes.length - 1.96 * deviation) / 2) - 1);
  const at = (index: number) => slopes[index] ?? Number.NaN;
  return { slope: medianOf(slopes), low: at(outside), high: at(slopes.length - 1 - outside) };
}

/** Returns the medians of neighbouring points, in `groups` groups of equal sizes, or of sizes that differ by one. */
export function grouped(points: readonly Point[], groups: number): Point[] {
  const count = Math.min(groups, points.length);
  const edge = (group: number) => Math.round((group * points.length) / count);
  return Array.from({ length: count }, (_, at) => {
    const group = points.slice(edge(at), edge(at + 1));
    return { x: medianOf(group.map(({ x }) => x)), y: medianOf(group.map(({ y }) => y)) };
  });
}

/** The middle of some numbers; NaN if there are none. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
