/** The estimated time left, in seconds: `mid`, and between `low` and `high` if the run continues as before. */
export interface Eta {
  low: number;
  mid: number;
  /** Absent if the pace was too uneven to name an end. */
  high?: number;
}

interface ShareSample {
  timeMs: number;
  share: number;
}

const WINDOW_MS = 300_000;
const MAX_PARTS = 12;
const MIN_PARTS = 3;
/** Called every second, it is sometimes called a little early. */
const MIN_SAMPLE_MS = 900;

/**
 * Estimates the time left of a run from how the share that is done has grown in the last five minutes, or in fewer at first.
 *
 * This time is split into parts of equal length, 12 if there are enough samples, and each part has its own rate. `mid` is
 * what is left divided by the mean of these rates, `low` and `high` are what is left divided by the ends of the mean's 95 %
 * confidence interval (Student's t: mean ± t · s / √n). So the interval describes recent chance, and nothing that is to come,
 * such as longer documents or a server that slows down. There is no estimate from fewer than three parts.
 */
export class EtaEstimate {
  readonly #samples: ShareSample[] = [];

  /** Takes the share that is done now, from 0 to 1, and returns the estimate. */
  next(share: number, nowMs = performance.now()): Eta | undefined {
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last === undefined || nowMs - last.timeMs >= MIN_SAMPLE_MS) samples.push({ timeMs: nowMs, share });
    while (samples.length > 2 && nowMs - (samples[1] as ShareSample).timeMs >= WINDOW_MS) samples.shift();
    const parts = Math.min(MAX_PARTS, samples.length - 1);
    if (parts < MIN_PARTS) return undefined;
    const rates = ratesOf(samples, parts);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / parts;
    if (mean <= 0) return undefined;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (parts - 1);
    const margin = studentT(parts - 1) * Math.sqrt(variance / parts);
    const left = 1 - share;
    const eta = { low: left / (mean + margin), mid: left / mean };
    return mean > margin ? { ...eta, high: left / (mean - margin) } : eta;
  }
}

/** Returns the growth of the share per second in each of some equal parts of the time. */
function ratesOf(samples: ShareSample[], parts: number): number[] {
  const startMs = (samples[0] as ShareSample).timeMs;
  const partMs = ((samples.at(-1) as ShareSample).timeMs - startMs) / parts;
  const edges = Array.from({ length: parts + 1 }, (_, edge) => shareAt(samples, startMs + edge * partMs));
  return edges.slice(1).map((share, part) => (share - (edges[part] as number)) / (partMs / 1000));
}

/** Interpolates the share at a time between two samples. */
function shareAt(samples: ShareSample[], timeMs: number): number {
  const next = samples.findIndex((sample) => sample.timeMs >= timeMs);
  const after = samples[next] ?? (samples.at(-1) as ShareSample);
  const before = samples[next - 1];
  if (before === undefined) return after.share;
  return before.share + ((after.share - before.share) * (timeMs - before.timeMs)) / (after.timeMs - before.timeMs);
}

/**
 * Returns the 97.5 % quantile of Student's t, from the first terms of its Cornish–Fisher expansion: 2 % too low at 4 degrees
 * of freedom, 11 % at 2.
 */
function studentT(degrees: number): number {
  return 1.96 + 2.37 / degrees + 2.82 / degrees ** 2;
}
