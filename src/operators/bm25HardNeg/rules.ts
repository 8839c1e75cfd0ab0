import { UsageError } from '../../errors.js';

/** Which documents of the ranking may become negatives, and how they are chosen. */
export interface NegativeRules {
  /** Leave out so many of the best-ranked documents. Default 0. */
  skipTop?: number | undefined;
  /** The best rank that may be taken; ranks count from 1, the positive among them. Default 1. */
  rangeMin?: number | undefined;
  /** The last rank that may be taken. Default: none. */
  rangeMax?: number | undefined;
  /** The least score. Default: any over 0; a document of score 0 is never taken. */
  minScore?: number | undefined;
  /** The greatest score. Default: none. */
  maxScore?: number | undefined;
  /**
   * Take only scores under this part of the positive's own for the question (G. de Souza P. Moreira et al., "NV-Retriever",
   * 2024: TopK-PercPos, with 0.95). Default: none.
   */
  maxScoreRatio?: number | undefined;
  /** Take only scores that are less than the positive's own by this or more. Default: none. */
  absoluteMargin?: number | undefined;
  /**
   * Which of the first `candidateWindow` candidates are taken: the best ranked (`top`), any (`random`, by `seed` and the
   * record's own question and text), or those least similar to the positive (`dissimilar`, by the cosine of BM25 weight
   * vectors). Default `dissimilar`: what answers the question resembles the positive.
   */
  sampling?: Sampling | undefined;
  /** How many candidates are compared and chosen from. Default 20, or 4 × numNeg where that is more. */
  candidateWindow?: number | undefined;
  /** Take none more similar to the positive than this, from 0 to 1. Default: none. */
  maxPositiveSimilarity?: number | undefined;
  /**
   * Leave out near-duplicates of the positive: documents of which this part of three-word shingles is common (Jaccard). `false`
   * keeps them; documents of the positive's very text are left out all the same. Default 0.8.
   */
  nearDuplicate?: number | false | undefined;
  /**
   * Leave out documents that have the same value under this key as a positive: other passages of its parent. The index must have
   * been built with this `groupKey`. Default: none.
   */
  groupKey?: string | undefined;
  /**
   * As `groupKey`, for an index that keeps no groups and ids that tell them. A document's group is what this pattern finds in its id: its first
   * parenthesis, or all that matches. `^(.*)#` makes passages `doc7#1` and `doc7#2` one group.
   */
  groupPattern?: string | RegExp | undefined;
}

export type Sampling = 'top' | 'random' | 'dissimilar';

/** The rules with their defaults, checked. */
export interface ResolvedRules {
  skipTop: number;
  /** The first rank that may be taken, `skipTop` counted in. */
  rangeMin: number;
  rangeMax: number;
  minScore: number;
  maxScore: number;
  maxScoreRatio: number;
  absoluteMargin: number;
  sampling: Sampling;
  candidateWindow: number;
  maxPositiveSimilarity: number | undefined;
  nearDuplicate: number | false;
  groupKey: string | undefined;
  groupPattern: RegExp | undefined;
}

/** Fills in the defaults; throws UsageError for values that make no sense, alone or together. */
export function resolveRules(rules: NegativeRules, numNeg: number): ResolvedRules {
  const {
    skipTop = 0,
    rangeMin = 1,
    rangeMax = Number.POSITIVE_INFINITY,
    minScore = 0,
    maxScore = Number.POSITIVE_INFINITY,
    maxScoreRatio = Number.POSITIVE_INFINITY,
    absoluteMargin = Number.NEGATIVE_INFINITY,
    sampling = 'dissimilar',
    candidateWindow = Math.max(20, 4 * numNeg),
    maxPositiveSimilarity,
    nearDuplicate = 0.8,
    groupKey,
    groupPattern,
  } = rules;
  whole('numNeg', numNeg, 1);
  whole('skipTop', skipTop, 0);
  whole('rangeMin', rangeMin, 1);
  if (rangeMax !== Number.POSITIVE_INFINITY) whole('rangeMax', rangeMax, 1);
  whole('candidateWindow', candidateWindow, numNeg);
  for (const [name, value] of Object.entries({ minScore, maxScore, maxScoreRatio, absoluteMargin })) {
    if (Number.isNaN(value)) throw new UsageError(`${name} must be a number`);
  }
  if (maxPositiveSimilarity !== undefined) share('maxPositiveSimilarity', maxPositiveSimilarity);
  if (nearDuplicate !== false) share('nearDuplicate', nearDuplicate);
  if (!['top', 'random', 'dissimilar'].includes(sampling)) {
    throw new UsageError(`no sampling is named ${JSON.stringify(sampling)}`, { hint: 'top, random or dissimilar' });
  }
  const first = Math.max(rangeMin, skipTop + 1);
  if (rangeMax < first) throw new UsageError(`rangeMax ${rangeMax} leaves nothing: the first rank taken is ${first}`);
  if (maxScore < minScore) throw new UsageError(`maxScore ${maxScore} is under minScore ${minScore}`);
  return {
    skipTop,
    rangeMin: first,
    rangeMax,
    minScore,
    maxScore,
    maxScoreRatio,
    absoluteMargin,
    sampling,
    candidateWindow,
    maxPositiveSimilarity,
    nearDuplicate,
    groupKey,
    groupPattern: groupPattern === undefined ? undefined : patternOf(groupPattern),
  };
}

function whole(name: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new UsageError(`${name} must be at least ${min}, a whole number, got ${value}`);
}

function share(name: string, value: number): void {
  if (value > 0 && value <= 1) return;
  throw new UsageError(`${name} must be over 0 and at most 1, got ${value}`);
}

function patternOf(pattern: string | RegExp): RegExp {
  try {
    const { source, flags } = new RegExp(pattern);
    return new RegExp(source, flags.replace(/[gy]/g, ''));
  } catch (cause) {
    throw new UsageError(`groupPattern is no regular expression: ${(cause as Error).message}`, { cause });
  }
}
