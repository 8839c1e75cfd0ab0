/** How long a run will go on, in seconds: `mid`, and between `low` and `high` if it goes on as it did. */
export interface Eta {
  low: number;
  mid: number;
  /** Absent where it went so unevenly that no end can be named. */
  high?: number;
}

interface Sample {
  atMs: number;
  share: number;
}

const windowMs = 300_000;
const mostParts = 12;
const fewestParts = 3;

/**
 * Tells how long a run will go on, by how the share that is done has grown in the last five minutes, or what there is of them.
 *
 * This time is cut into parts of one length, 12 where it was looked at as often, and each part has a rate of its own. `mid`
 * is what is left by the mean of these rates, `low` and `high` what is left by the ends of the mean's 95 % confidence
 * interval (Student's t: mean ± t · s / √n). So the interval tells of chance as it was of late, and of nothing that is to
 * come, such as longer documents or a server that slows down. Nothing is told of fewer than three parts.
 */
export class EtaEstimate {
  readonly #samples: Sample[] = [];

  /** Takes the share that is done now, from 0 to 1. */
  next(share: number, nowMs = performance.now()): Eta | undefined {
    const samples = this.#samples;
    const last = samples.at(-1);
    // Asked every second, it is sometimes asked a little early.
    if (last === undefined || nowMs - last.atMs >= 900) samples.push({ atMs: nowMs, share });
    while (samples.length > 2 && nowMs - (samples[1] as Sample).atMs >= windowMs) samples.shift();
    const parts = Math.min(mostParts, samples.length - 1);
    if (parts < fewestParts) return undefined;
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

/** By how much the share grew a second in each of some equal parts of the time. */
function ratesOf(samples: Sample[], parts: number): number[] {
  const startMs = (samples[0] as Sample).atMs;
  const partMs = ((samples.at(-1) as Sample).atMs - startMs) / parts;
  const edges = Array.from({ length: parts + 1 }, (_, edge) => shareAt(samples, startMs + edge * partMs));
  return edges.slice(1).map((share, place) => (share - (edges[place] as number)) / (partMs / 1000));
}

/** The share at a time between two samples, as if it had grown evenly. */
function shareAt(samples: Sample[], atMs: number): number {
  const next = samples.findIndex((sample) => sample.atMs >= atMs);
  const after = samples[next] ?? (samples.at(-1) as Sample);
  const before = samples[next - 1];
  if (before === undefined) return after.share;
  return before.share + ((after.share - before.share) * (atMs - before.atMs)) / (after.atMs - before.atMs);
}

/** The 97.5 % quantile of Student's t, by the first terms of its Cornish–Fisher expansion: 2 % too low at 4 degrees, 11 % at 2. */
function studentT(degrees: number): number {
  return 1.96 + 2.37 / degrees + 2.82 / degrees ** 2;
}
