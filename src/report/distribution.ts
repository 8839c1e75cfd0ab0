const BUCKETS_PER_OCTAVE = 64;
const LOWEST_OCTAVE = -10;
const HIGHEST_OCTAVE = 40;

/** A bar of a chart. */
export interface Bin {
  from: number;
  /** Exclusive, except in the last bin. */
  to: number;
  count: number;
}

/**
 * Counts numbers >= 0 in buckets 1/64 octave wide, as HdrHistogram does. Memory is fixed, and the error of a quantile is at
 * most 1.6 %; whole numbers up to 128 are exact.
 */
export class Distribution {
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  #sum = 0;
  #zeros = 0;
  readonly #buckets = new Float64Array((HIGHEST_OCTAVE - LOWEST_OCTAVE) * BUCKETS_PER_OCTAVE);

  add(value: number): void {
    if (!(value >= 0)) return;
    this.count += 1;
    this.#sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (value === 0) this.#zeros += 1;
    else this.#buckets[bucketOf(value)] = (this.#buckets[bucketOf(value)] as number) + 1;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** Returns the value that this share of the numbers does not exceed. */
  quantile(share: number): number {
    let left = share * this.count;
    for (const { from, to, count } of this.#filled()) {
      left -= count;
      if (left <= 0)
        return Math.min(Math.max(to <= BUCKETS_PER_OCTAVE * 2 ? from : (from + to) / 2, this.min), this.max);
    }
    return this.max;
  }

  /** Returns how many numbers are smaller. */
  below(value: number): number {
    let sum = 0;
    for (const { from, count } of this.#filled()) if (from < value) sum += count;
    return sum;
  }

  /** Counts the numbers in bins of equal width and ignores those outside. A bucket across several bins is shared between them. */
  bins(from: number, width: number, bins: number, whole: boolean): Bin[] {
    const counts = new Float64Array(bins);
    for (const bucket of this.#filled()) {
      const isPoint = bucket.to === bucket.from || (whole && bucket.to - bucket.from <= 1);
      const first = Math.floor((bucket.from - from) / width + 1e-9);
      const last = isPoint ? first : Math.ceil((bucket.to - from) / width - 1e-9) - 1;
      for (let at = Math.max(first, 0); at <= Math.min(last, bins - 1); at++) {
        const left = from + at * width;
        const overlap = Math.min(bucket.to, left + width) - Math.max(bucket.from, left);
        const share = isPoint ? 1 : overlap / (bucket.to - bucket.from);
        counts[at] = (counts[at] as number) + bucket.count * share;
      }
    }
    // Rounds so that the sum stays right.
    let sum = 0;
    return [...counts].map((count, at) => {
      const before = Math.round(sum);
      sum += count;
      return { from: from + at * width, to: from + (at + 1) * width, count: Math.round(sum) - before };
    });
  }

  *#filled(): Generator<Bin> {
    if (this.#zeros > 0) yield { from: 0, to: 0, count: this.#zeros };
    for (const [at, count] of this.#buckets.entries()) {
      if (count > 0)
        yield { from: Math.max(bucketStart(at), this.min), to: Math.min(bucketStart(at + 1), this.max), count };
    }
  }
}

function bucketOf(value: number): number {
  const octave = Math.floor(Math.log2(value));
  const fraction = value / 2 ** octave - 1;
  const at = (octave - LOWEST_OCTAVE) * BUCKETS_PER_OCTAVE + Math.floor(fraction * BUCKETS_PER_OCTAVE);
  return Math.min(Math.max(at, 0), (HIGHEST_OCTAVE - LOWEST_OCTAVE) * BUCKETS_PER_OCTAVE - 1);
}

function bucketStart(bucket: number): number {
  const octave = LOWEST_OCTAVE + Math.floor(bucket / BUCKETS_PER_OCTAVE);
  return 2 ** octave * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE);
}

/** The data of a chart of one or more distributions on one axis. */
export interface HistogramData {
  series: {
    name: string;
    count: number;
    min: number;
    max: number;
    mean: number;
    median: number;
    low: number;
    high: number;
    bins: Bin[];
  }[];
  /** The count of numbers beyond the last bin. */
  beyond: number;
}

const MAX_BINS = 36;

/** Makes bins of a round width that cover all but 1 in 200 numbers. */
export function histogram(named: Record<string, Distribution>, { whole = false } = {}): HistogramData | undefined {
  const all = Object.entries(named).filter(([, { count }]) => count > 0);
  if (all.length === 0) return undefined;
  const lowest = Math.min(...all.map(([, { min }]) => min));
  const most = Math.max(...all.map(([, { max }]) => max));
  const nearly = Math.max(...all.map(([, distribution]) => distribution.quantile(0.995)));
  const end = most <= nearly * 1.25 ? most : nearly;
  // A bin is never narrower than a bucket.
  const finest = whole ? 1 : end / BUCKETS_PER_OCTAVE;
  const step = roundStep(Math.max((end - (lowest < end / 4 ? 0 : lowest)) / MAX_BINS, finest));
  const isSingle = whole && step === 1;
  const from = lowest < end / 4 && !isSingle ? 0 : Math.floor(lowest / step) * step;
  const bins = Math.floor((end - from) / step + 1e-9) + 1;
  const series = all.map(([name, distribution]) => ({
    name,
    count: distribution.count,
    min: distribution.min,
    max: distribution.max,
    mean: distribution.mean,
    median: distribution.quantile(0.5),
    low: distribution.quantile(0.05),
    high: distribution.quantile(0.95),
    bins: distribution.bins(from, step, bins, whole),
  }));
  const beyond = series.reduce(
    (sum, one) => sum + one.count - one.bins.reduce((inBins, { count }) => inBins + count, 0),
    0,
  );
  return { series, beyond };
}

/** Returns the first of 1, 2, 5, 10, 20, … that is large enough. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(atLeast, 1e-6)));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= atLeast * 0.999) ?? 10;
  return step * power;
}
