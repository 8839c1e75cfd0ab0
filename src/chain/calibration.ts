/** A value with its 95 % interval. */
export interface Estimated {
  value: number;
  low: number;
  high: number;
}

/** The agreement of a judge with people on one criterion. `positive` is the verdict true, or `answers`. */
export interface Calibration {
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
  /** The share of what people call true that the judge calls true, and the same of false; absent without such rows. */
  tpr: Estimated | undefined;
  tnr: Estimated | undefined;
  /** Cohen's kappa: the agreement beyond chance; absent if people or judge gave one verdict only. */
  kappa: Estimated | undefined;
  /** The share of all rows that the judge calls true. */
  judgedRate: number;
  /** The share that people would call true, from the judge's rate and its errors; absent if its verdicts say nothing. */
  correctedRate: Estimated | undefined;
}

export interface Labelled {
  human: boolean;
  judge: boolean;
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959964;

/**
 * Compares a judge's verdicts with those of people. `all` counts the judge's verdicts in the whole file, labelled rows
 * included: its rate is corrected for the errors of the judge.
 *
 * TPR and TNR have Wilson's interval (1927). The corrected rate is Rogan & Gladen's (1978) with the interval of Lang &
 * Reiczigel (2014), which holds for few labelled rows. Kappa has its large-sample interval (Fleiss, Cohen & Everitt 1969,
 * simplified).
 */
export function calibration(rows: readonly Labelled[], all: { positive: number; total: number }): Calibration {
  const count = (human: boolean, judge: boolean) =>
    rows.filter((row) => row.human === human && row.judge === judge).length;
  const [tp, fp, tn, fn] = [count(true, true), count(false, true), count(false, false), count(true, false)];
  return {
    ...{ truePositives: tp, falsePositives: fp, trueNegatives: tn, falseNegatives: fn },
    tpr: wilson(tp, tp + fn),
    tnr: wilson(tn, tn + fp),
    kappa: kappaOf(tp, fp, tn, fn),
    judgedRate: all.positive / all.total,
    correctedRate: corrected({ tp, positives: tp + fn, tn, negatives: tn + fp }, all),
  };
}

/** Returns a share with Wilson's score interval; undefined of none. */
export function wilson(hits: number, count: number): Estimated | undefined {
  if (count === 0) return undefined;
  const share = hits / count;
  const centre = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z / (1 + Z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return within01(share, centre - half, centre + half);
}

function kappaOf(tp: number, fp: number, tn: number, fn: number): Estimated | undefined {
  const count = tp + fp + tn + fn;
  if (count === 0) return undefined;
  const observed = (tp + tn) / count;
  const chance = ((tp + fn) * (tp + fp) + (tn + fp) * (tn + fn)) / count ** 2;
  if (chance === 1) return undefined;
  const value = (observed - chance) / (1 - chance);
  const half = Z * Math.sqrt((observed * (1 - observed)) / (count * (1 - chance) ** 2));
  return { value, low: Math.max(-1, value - half), high: Math.min(1, value + half) };
}

function corrected(
  labelled: { tp: number; positives: number; tn: number; negatives: number },
  { positive, total }: { positive: number; total: number },
): Estimated | undefined {
  const { tp, positives, tn, negatives } = labelled;
  if (positives === 0 || negatives === 0) return undefined;
  const plain = (positive / total + tn / negatives - 1) / (tp / positives + tn / negatives - 1);
  const n = total + Z ** 2;
  const rate = (positive + Z ** 2 / 2) / n;
  const [nPositive, nNegative] = [positives + 2, negatives + 2];
  const [se, sp] = [(tp + 1) / nPositive, (tn + 1) / nNegative];
  const power = se + sp - 1;
  if (power <= 0) return undefined;
  const share = Math.min(1, Math.max(0, (rate + sp - 1) / power));
  const [ofSe, ofSp] = [(se * (1 - se)) / nPositive, (sp * (1 - sp)) / nNegative];
  const shift = 2 * Z ** 2 * (share * ofSe - (1 - share) * ofSp);
  const half = (Z / power) * Math.sqrt((rate * (1 - rate)) / n + share ** 2 * ofSe + (1 - share) ** 2 * ofSp);
  return within01(Number.isFinite(plain) ? plain : share, share + shift - half, share + shift + half);
}

function within01(value: number, low: number, high: number): Estimated {
  const bounded = (one: number) => Math.min(1, Math.max(0, one));
  return { value: bounded(value), low: bounded(low), high: bounded(high) };
}
