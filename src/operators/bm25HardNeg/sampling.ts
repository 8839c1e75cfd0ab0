import type { Searcher } from '../../search/searcher.js';
import { shuffledOrder } from '../../util/random.js';
import type { Candidate } from './candidates.js';
import type { ResolvedRules } from './rules.js';

/** A document taken as a negative, with its similarity to the positive if that was computed. */
export interface SampledNegative extends Candidate {
  similarity?: number;
}

export interface Choice {
  /** The number of negatives, spares included. */
  numNeg: number;
  /** The number of those that are for a judge to leave out. */
  spare: number;
  /** The texts of the positives: the greatest similarity to any of them counts. */
  positiveTexts: readonly string[];
  /** Numbers in [0, 1), for `random`. */
  random: () => number;
}

/** Returns true if the rules compare candidates with the positive. */
function comparesCandidates({ sampling, maxPositiveSimilarity }: ResolvedRules): boolean {
  return sampling === 'dissimilar' || maxPositiveSimilarity !== undefined;
}

/** Returns how many candidates the rules choose from. */
export function candidatesWanted(rules: ResolvedRules, numNeg: number): number {
  return rules.sampling === 'random' || comparesCandidates(rules) ? rules.candidateWindow : numNeg;
}

/** Takes `numNeg` of the candidates, best ranked first; fewer if too many are over maxPositiveSimilarity. */
export async function sample(
  index: Searcher,
  candidates: readonly Candidate[],
  rules: ResolvedRules,
  { numNeg, spare, positiveTexts, random }: Choice,
): Promise<{ negatives: SampledNegative[]; tooSimilar: number }> {
  const { sampling, maxPositiveSimilarity = 1 } = rules;
  const compared: SampledNegative[] = comparesCandidates(rules)
    ? await withSimilarities(index, candidates, positiveTexts)
    : [...candidates];
  const fit = compared.filter(({ similarity = 0 }) => similarity <= maxPositiveSimilarity);
  const best = Math.max(0, Math.min(spare - 1, numNeg >> 1));
  const negatives = inOrder(fit, sampling, best, random)
    .slice(0, numNeg)
    .sort((a, b) => a.rank - b.rank);
  return { negatives, tooSimilar: compared.length - fit.length };
}

/**
 * Returns the candidates in the order in which they are taken. If a judge is to leave some out, dissimilar sampling takes the
 * `best` ranked ones first: they are the hardest, and the others are there if the judge finds answers among them.
 */
function inOrder(
  fit: SampledNegative[],
  sampling: ResolvedRules['sampling'],
  best: number,
  random: () => number,
): SampledNegative[] {
  if (sampling === 'top') return fit;
  if (sampling === 'random') return shuffledOrder(fit.length, random).map((index) => fit[index] as SampledNegative);
  const others = best === 0 ? fit : fit.slice(best);
  const leastSimilar = others.toSorted((a, b) => (a.similarity ?? 0) - (b.similarity ?? 0) || a.rank - b.rank);
  return best === 0 ? leastSimilar : [...fit.slice(0, best), ...leastSimilar];
}

async function withSimilarities(
  index: Searcher,
  candidates: readonly Candidate[],
  positiveTexts: readonly string[],
): Promise<SampledNegative[]> {
  const greatest = new Float64Array(candidates.length);
  for (const text of positiveTexts) {
    const similarities = await index.similarities(text, candidates);
    for (let at = 0; at < candidates.length; at++) {
      greatest[at] = Math.max(greatest[at] as number, similarities[at] as number);
    }
  }
  // Spreading the candidates takes longer than comparing them.
  return candidates.map(({ id, docId, score, rank, text }, at) => {
    return { id, docId, score, rank, text, similarity: greatest[at] as number };
  });
}
