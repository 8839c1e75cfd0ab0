import { IndexError, RejectError, UsageError } from '../../errors.js';
import { Turns } from '../../flow/eventLoopTurns.js';
import type { Operator } from '../../flow/operator.js';
import { type DataRecord, defaultKeys } from '../../record.js';
import type { Searcher, Weighting } from '../../search/searcher.js';
import { requireWholeNumber } from '../../util/check.js';
import { seededRandom } from '../../util/random.js';
import { type RecordOptions, recordOperator, textProblem } from '../recordOperator.js';
import { findCandidates, type Refusals } from './candidates.js';
import { foreignProblem } from './foreign.js';
import { idOf, positivesOf } from './positives.js';
import { type Profile, profiles, reproduce } from './referenceTools.js';
import { type NegativeRules, resolveRules } from './rules.js';
import { candidatesWanted, type Negative, sample } from './sampling.js';

export interface Bm25HardNegOptions extends RecordOptions, NegativeRules {
  /** The index of the whole corpus. */
  index: Searcher;
  /** How many negatives each record gets. Default 3; 1 for the profile `reasonir`. */
  numNeg?: number | undefined;
  /** What is searched for. Default `question`. */
  query?: 'question' | 'scenario+question' | undefined;
  /** Default `lucene`. */
  weighting?: Weighting | undefined;
  /** Choose exactly as DataFlow or ReasonIR does, duplicates and all; goes with no rule of our own. */
  profile?: Profile | undefined;
  /** Seeds `sampling: 'random'`, together with the record's own question and text. Default 0. */
  seed?: number | undefined;
  /** Default `question`. */
  inputQuestionKey?: string | undefined;
  /** The positive document's text. Default `text`. */
  inputTextKey?: string | undefined;
  /** Read for `query: 'scenario+question'`. Default `scenario`. */
  inputScenarioKey?: string | undefined;
  /** The key of further positives, where records have them: a list of texts, ids, or `{ id, text }`. */
  inputPositivesKey?: string | undefined;
  /** The key of ids that must not be taken, where records have them: a list. */
  excludeIds?: string | undefined;
  /** The positive document's id, where the records have one. Default `id`. */
  idKey?: string | undefined;
  /** Default `hard_negatives`. */
  outputNegativesKey?: string | undefined;
  /** Add `hard_negatives_details`: id, rank, score and similarity of each negative, rank and score of the positive. Default false. */
  details?: boolean | undefined;
  /**
   * Stop where none of the first 100 records' own documents is in the index: it was made of other texts. Set to false to
   * mine negatives for documents from elsewhere. Default true.
   */
  requirePositive?: boolean | undefined;
  /** Told how many negatives a record lacks, where it got fewer than `numNeg`. */
  onShortfall?: ((missing: number) => void) | undefined;
}

interface Mined {
  negatives: Negative[];
  /** `rank` is absent where the search did not go down as far. */
  positive: { rank?: number; score: number };
  /** Documents that the rules left out, by rule. */
  refused: Refusals;
}

/**
 * BM25HardNeg: finds, for each question, documents that match it well and that are not its answer.
 *
 * Adds `hard_negatives`: `numNeg` texts, best score first: by default those of the 20 best candidates that are least similar to
 * the positive. Never among them: a document of a positive's id or text (white space aside) or, unless told, a near-duplicate of
 * it; a text twice; a score of 0. Where fewer are left the record has fewer, where none is left it is rejected. Ids, ranks, scores
 * and the shortfall are kept under `_rareflow.bm25_hard_neg`. Throws UsageError for rules that make no sense, IndexError for a
 * `groupKey` whose values the index does not keep.
 */
export function bm25HardNeg(options: Bm25HardNegOptions): Operator<object, DataRecord> {
  const {
    index,
    profile,
    numNeg = profile === undefined ? 3 : knownProfile(profile).numNeg,
    query: queryKind = profile === undefined ? 'question' : profiles[profile].query,
    weighting = profile === undefined ? 'lucene' : 'dataflow',
    seed = 0,
    inputQuestionKey = defaultKeys.question,
    inputTextKey = defaultKeys.text,
    inputScenarioKey = defaultKeys.scenario,
    inputPositivesKey,
    excludeIds,
    idKey = defaultKeys.id,
    outputNegativesKey = defaultKeys.hardNegatives,
    details = false,
    requirePositive = true,
    onShortfall,
    ...others
  } = options;
  requireWholeNumber('numNeg', numNeg);
  const rules = resolveRules(others, numNeg);
  const { groupKey } = rules;
  if (profile !== undefined) refuseBeside(profile, options);
  requireGroups(index, groupKey);
  const turns = new Turns();
  const usesScenario = queryKind === 'scenario+question';
  const detailsKey = `${outputNegativesKey}_details`;

  const mine = async (record: DataRecord, query: string, signal: AbortSignal): Promise<Mined> => {
    const text = record[inputTextKey] as string;
    const positiveScore = await index.score(query, text, { weighting, signal });
    const placed = (hit?: { rank: number; score: number }) =>
      hit === undefined ? { score: positiveScore } : { rank: hit.rank, score: hit.score };
    if (profile !== undefined) {
      const id = idOf(record[idKey]);
      const { negatives, positive } = await reproduce(index, { profile, query, numNeg, text, id, signal });
      return { negatives, positive: placed(positive), refused: {} };
    }
    const positives = positivesOf(record, { inputTextKey, idKey, inputPositivesKey, excludeIds, groupKey }, index);
    const count = candidatesWanted(rules, numNeg);
    const walk = { query, weighting, positives, positiveScore, count, signal, turns };
    const { found, positive, refused } = await findCandidates(index, rules, walk);
    const random = seededRandom(seed, record[inputQuestionKey] as string, text);
    const choice = { numNeg, positiveTexts: positives.texts, random };
    const { negatives, tooSimilar } = await sample(index, found, rules, choice);
    if (tooSimilar > 0) refused.maxPositiveSimilarity = tooSimilar;
    return { negatives, positive: placed(positive), refused };
  };

  return recordOperator(
    {
      stage: 'bm25_hard_neg',
      inputs: [
        { key: inputQuestionKey, option: 'inputQuestionKey', problem: textProblem },
        { key: inputTextKey, option: 'inputTextKey', problem: textProblem },
        ...(usesScenario ? [{ key: inputScenarioKey, option: 'inputScenarioKey', problem: textProblem }] : []),
      ],
      outputs: [outputNegativesKey, ...(details ? [detailsKey] : [])],
      ...(requirePositive && {
        doubt: (record) => foreignProblem(index, idOf(record[idKey]), record[inputTextKey] as string),
      }),
    },
    others,
    async (record, signal) => {
      const question = record[inputQuestionKey] as string;
      const query = usesScenario ? `${record[inputScenarioKey]} ${question}` : question;
      const { negatives, positive, refused } = await mine(record, query, signal);
      if (negatives.length === 0) throw new RejectError(noneLeft(refused));
      const missing = numNeg - negatives.length;
      if (missing > 0) onShortfall?.(missing);
      const made = { negatives: negatives.map(({ docId, text, ...negative }) => negative), positive };
      return [
        {
          fields: {
            [outputNegativesKey]: negatives.map(({ text }) => text),
            ...(details && { [detailsKey]: made }),
          },
          provenance: {
            ...(profile === undefined ? {} : { profile }),
            weighting,
            ...(profile === undefined && { sampling: rules.sampling }),
            ...(profile === undefined && rules.sampling === 'random' && { seed }),
            ...made,
            ...(missing > 0 && { shortfall: missing, refused }),
          },
        },
      ];
    },
  );
}

function noneLeft(refused: Refusals): string {
  const rules = Object.entries(refused).map(([rule, count]) => `${rule} (${count})`);
  return rules.length === 0
    ? 'no document of the index but the positive, by its id or text, shares a word with the question'
    : `no negative is left: documents were left out by ${rules.join(', ')}`;
}

function knownProfile(profile: Profile): (typeof profiles)[Profile] {
  const known = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (known !== undefined) return known;
  throw new UsageError(`no profile is named ${JSON.stringify(profile)}`, { hint: Object.keys(profiles).join(' or ') });
}

function requireGroups({ groupKey }: Searcher, wanted: string | undefined): void {
  if (wanted === undefined || wanted === groupKey) return;
  const has = groupKey === undefined ? 'no groups' : `the groups of the key ${JSON.stringify(groupKey)}`;
  throw new IndexError(`groupKey is ${JSON.stringify(wanted)}, and the index keeps ${has}`, {
    hint: `build it with that key: rareflow index CORPUS -o PATH --group-key ${wanted}`,
  });
}

/** What a profile decides, so that it cannot be told besides. */
const decidedByProfile = [
  ...['skipTop', 'rangeMin', 'rangeMax', 'minScore', 'maxScore', 'maxScoreRatio', 'absoluteMargin', 'sampling'],
  ...['candidateWindow', 'maxPositiveSimilarity', 'nearDuplicate', 'inputPositivesKey', 'excludeIds'],
  ...['groupKey', 'groupPattern', 'query', 'weighting'],
] as (keyof Bm25HardNegOptions)[];

function refuseBeside(profile: Profile, options: Bm25HardNegOptions): void {
  const told = decidedByProfile.filter((name) => options[name] !== undefined);
  if (told.length === 0) return;
  throw new UsageError(
    `the profile ${profile} chooses exactly as that tool does; ${told.join(', ')} cannot change it`,
    {
      hint: 'leave the profile out, or those',
    },
  );
}
