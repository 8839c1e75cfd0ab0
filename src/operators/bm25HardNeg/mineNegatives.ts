import type { EventLoopTurns } from '../../flow/eventLoopTurns.js';
import type { DataRecord } from '../../record.js';
import type { Weighting } from '../../search/searcher.js';
import { valueAt } from '../../util/keyPath.js';
import type { Resolved } from '../../util/options.js';
import { seededRandom } from '../../util/random.js';
import { findCandidates, type Refusals } from './candidates.js';
import type { bm25HardNegOptions } from './options.js';
import { idText, positivesOf } from './positives.js';
import { reproduce } from './referenceTools.js';
import type { ResolvedRules } from './rules.js';
import { candidatesWanted, type SampledNegative, sample } from './sampling.js';

/** A negative as it is written to the record, without its text. */
export type MinedNegative = Omit<SampledNegative, 'docId' | 'text'>;

/** The record's own document. `rank` is null if the search did not go down that far. */
export interface MinedPositive {
  rank: number | null;
  score: number;
}

export interface Mined {
  /** Best first. */
  negatives: SampledNegative[];
  positive: MinedPositive;
  refused: Refusals;
  endedEarly?: boolean | undefined;
}

export interface Mining extends Resolved<typeof bm25HardNegOptions> {
  /** The number of negatives, spares included. */
  numNeg: number;
  spare: number;
  weighting: Weighting;
  rules: ResolvedRules;
  turns: EventLoopTurns;
}

/** Finds the negatives of a record: by the rules, or as the profile's tool does. */
export async function mineNegatives(
  record: DataRecord,
  query: string,
  mining: Mining,
  signal: AbortSignal,
): Promise<Mined> {
  const { index, profile, numNeg, spare, weighting, rules, seed, turns } = mining;
  const { textKey, questionKey, idKey, sharedPositives } = mining;
  const text = valueAt(record, textKey) as string;
  const positiveScore = await index.score(query, text, { weighting, signal });
  const positiveOf = (hit?: { rank: number; score: number }) =>
    hit === undefined ? { rank: null, score: positiveScore } : { rank: hit.rank, score: hit.score };
  if (profile !== undefined) {
    const id = idText(valueAt(record, idKey));
    const { negatives, positive } = await reproduce(index, { profile, query, numNeg, text, id, signal });
    return { negatives, positive: positiveOf(positive), refused: {} };
  }
  const shared = sharedPositives?.of(valueAt(record, questionKey) as string);
  const positives = positivesOf(record, mining, index, shared);
  const count = candidatesWanted(rules, numNeg);
  const walk = { query, weighting, positives, positiveScore, count, signal, turns };
  const { found, positive, refused, endedEarly } = await findCandidates(index, rules, walk);
  const random = seededRandom(seed, valueAt(record, questionKey) as string, text);
  const { negatives, tooSimilar } = await sample(index, found, rules, {
    ...{ numNeg, spare, random },
    positiveTexts: positives.texts,
  });
  if (tooSimilar > 0) refused.maxPositiveSimilarity = tooSimilar;
  return { negatives, positive: positiveOf(positive), refused, endedEarly };
}
