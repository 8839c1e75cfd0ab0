import type { Searcher } from '../../search/searcher.js';
import { shuffledOrder } from '../../util/random.js';
import type { Candidate } from './candidates.js';
import type { ResolvedRules } from './rules.js';

/** A document taken as a negative; `similarity` to the positive where it was computed. */
export interface Negative extends Candidate {
  similarity?: number;
}

export interface Choice {
  numNeg: number;
  /** The texts of the positives: the greatest similarity to one of them counts. */
  positiveTexts: readonly string[];
  /** Numbers in [0, 1), for `random`. */
  random: () => number;
}

/** Whether the rules compare candidates with the positive. */
export function comparesCandidates({ sampling, maxPositiveSimilarity }: ResolvedRules): boolean {
  return sampling === 'dissimilar' || maxPositiveSimilarity !== undefined;
}

/** How many candidates the rules choose from. */
export function candidatesWanted(rules: ResolvedRules, numNeg: number): number {
  return rules.sampling === 'random' || comparesCandidates(rules) ? rules.candidateWindow : numNeg;
}

/** Takes `numNeg` of the candidates, best ranked first; fewer where too many are over maxPositiveSimilarity. */
export async function sample(
  index: Searcher,
  candidates: readonly Candidate[],
  rules: ResolvedRules,
  { numNeg, positiveTexts, random }: Choice,
): Promise<{ negatives: Negative[]; tooSimilar: number }> {
  const { sampling, maxPositiveSimilarity = 1 } = rules;
  const compared: Negative[] = comparesCandidates(rules)
    ? await withSimilarities(index, candidates, positiveTexts)
    : [...candidates];
  const fit = compared.filter(({ similarity = 0 }) => similarity <= maxPositiveSimilarity);
  const negatives = inOrder(fit, sampling, random)
    .slice(0, numNeg)
    .sort((a, b) => a.rank - b.rank);
  return { negatives, tooSimilar: compared.length - fit.length };
}

/** The candidates in the order in which they are taken. */
function inOrder(fit: Negative[], sampling: ResolvedRules['sampling'], random: () => number): Negative[] {
  if (sampling === 'top') return fit;
  if (sampling === 'random') return shuffledOrder(fit.length, random).map((place) => fit[place] as Negative);
  return fit.toSorted((a, b) => (a.similarity ?? 0) - (b.similarity ?? 0) || a.rank - b.rank);
}

async function withSimilarities(
  index: Searcher,
  candidates: readonly Candidate[],
  positiveTexts: readonly string[],
): Promise<Negative[]> {
  const greatest = new Float64Array(candidates.length);
  for (const text of positiveTexts) {
    const similarities = await index.similarities(text, candidates);
    for (let place = 0; place < candidates.length; place++) {
      greatest[place] = Math.max(greatest[place] as number, similarities[place] as number);
    }
  }
  // Spreading the candidates would take longer than comparing them.
  return candidates.map(({ id, docId, score, rank, text }, place) => {
    return { id, docId, score, rank, text, similarity: greatest[place] as number };
  });
}
