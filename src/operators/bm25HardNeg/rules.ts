import { UsageError } from '../../errors.js';
import { mustBe } from '../../util/check.js';
import type { OptionsOf, Resolved } from '../../util/options.js';
import type { negativeRules } from './options.js';

/** Which documents of the ranking may become negatives, and how they are chosen. */
export type NegativeRules = OptionsOf<typeof negativeRules>;

export type Sampling = ResolvedRules['sampling'];

/** The rules with every default filled in. */
export interface ResolvedRules extends Resolved<typeof negativeRules> {
  candidateWindow: number;
  /** The first rank that may be taken, after `skipTop`. */
  rangeMin: number;
  rangeMax: number;
  containment: number | false;
  maxScore: number;
  maxScoreRatio: number;
  absoluteMargin: number;
  groupPattern: RegExp | undefined;
}

/**
 * Fills in the defaults that depend on other options. Spares are taken from the same candidates, or else they would make the
 * negatives easier. Throws UsageError for rules that exclude each other.
 */
export function resolveRules(rules: Resolved<typeof negativeRules>, numNeg: number, spare = 0): ResolvedRules {
  const wanted = numNeg + spare;
  const { candidateWindow = Math.max(20, 4 * numNeg, wanted), skipTop, rangeMax = Number.POSITIVE_INFINITY } = rules;
  const { minScore, maxScore = Number.POSITIVE_INFINITY, groupPattern } = rules;
  if (candidateWindow < wanted) {
    const most = spare === 0 ? `numNeg, which is ${numNeg}` : `numNeg + spare, which is ${wanted}`;
    throw mustBe('candidateWindow', `>= ${most}`, candidateWindow);
  }
  const rangeMin = Math.max(rules.rangeMin, skipTop + 1);
  if (rangeMax < rangeMin) {
    throw new UsageError(`rangeMax ${rangeMax} leaves nothing: the first rank that may be taken is ${rangeMin}`);
  }
  if (maxScore < minScore) throw mustBe('maxScore', `>= minScore, which is ${minScore}`, maxScore);
  return {
    ...rules,
    ...{ candidateWindow, rangeMin, rangeMax, maxScore },
    containment: rules.containment ?? (rules.nearDuplicate === false ? false : 0.8),
    maxScoreRatio: rules.maxScoreRatio ?? Number.POSITIVE_INFINITY,
    absoluteMargin: rules.absoluteMargin ?? Number.NEGATIVE_INFINITY,
    groupPattern: groupPattern === undefined ? undefined : statelessPattern(groupPattern),
  };
}

/**
 * Returns the names of the rules that can leave a document out, by their options: the keys under which every record counts
 * the documents that each left out.
 */
export function rulesInForce(rules: ResolvedRules, excludeIds: string | undefined): string[] {
  const inForce: Record<string, boolean> = {
    minScore: rules.minScore > 0,
    skipTop: rules.skipTop > 0,
    rangeMin: rules.rangeMin > rules.skipTop + 1,
    maxScore: rules.maxScore < Number.POSITIVE_INFINITY,
    maxScoreRatio: rules.maxScoreRatio < Number.POSITIVE_INFINITY,
    absoluteMargin: rules.absoluteMargin > Number.NEGATIVE_INFINITY,
    excludeIds: excludeIds !== undefined,
    groupKey: rules.groupKey !== undefined,
    groupPattern: rules.groupPattern !== undefined,
    sameText: true,
    nearDuplicate: rules.nearDuplicate !== false,
    containment: rules.containment !== false,
    maxPositiveSimilarity: rules.maxPositiveSimilarity !== undefined,
  };
  return Object.keys(inForce).filter((name) => inForce[name]);
}

/** A pattern without the flags that make `exec` depend on the call before. */
function statelessPattern(pattern: string | RegExp): RegExp {
  const { source, flags } = new RegExp(pattern);
  return new RegExp(source, flags.replace(/[gy]/g, ''));
}
