import { IndexError, RejectError, UsageError } from '../../errors.js';
import { EventLoopTurns } from '../../flow/eventLoopTurns.js';
import type { Searcher, Weighting } from '../../search/searcher.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { type OptionsOf, type Resolved, resolveOptions, valuesOf } from '../../util/options.js';
import { wordsOf } from '../../util/words.js';
import { textInput } from '../inputKeys.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { MAX_ALIKE, type Refusals } from './candidates.js';
import { type MinedNegative, type MinedPositive, mineNegatives } from './mineNegatives.js';
import { missingPositive } from './missingPositive.js';
import { bm25HardNegOptions, decidedByProfile } from './options.js';
import { idText } from './positives.js';
import { profileRemark, type ReferenceTool, referenceTools } from './referenceTools.js';
import { resolveRules, rulesInForce, type Sampling } from './rules.js';

/** The type parameters are the key written, and whether details and provenance are kept, as literals. */
export interface Bm25HardNegOptions<
  NegativesKey extends string = string,
  Detailed extends boolean = boolean,
  Kept extends boolean = boolean,
> extends OptionsOf<typeof bm25HardNegOptions> {
  negativesKey?: NegativesKey | undefined;
  details?: Detailed | undefined;
  provenance?: Kept | undefined;
  /** @deprecated Use `textKey`. */
  inputTextKey?: string | undefined;
  /** @deprecated Use `questionKey`. */
  inputQuestionKey?: string | undefined;
  /** @deprecated Use `scenarioKey`. */
  inputScenarioKey?: string | undefined;
  /** @deprecated Use `positivesKey`. */
  inputPositivesKey?: string | undefined;
  /** @deprecated Use `negativesKey`. */
  outputNegativesKey?: NegativesKey | undefined;
}

/** The fields that `details: true` adds: one entry for each negative, in the same order, and the positive. */
export interface NegativesDetails {
  negatives: MinedNegative[];
  positive: MinedPositive;
}

/** The provenance of a record under `_rareflow.bm25_hard_neg`. */
export interface Bm25HardNegProvenance extends NegativesDetails {
  profile?: ReferenceTool;
  weighting: Weighting;
  sampling?: Sampling;
  /** Only for random sampling. */
  seed?: number;
  /** The number of negatives that are missing. */
  shortfall: number;
  /** The number of documents that each rule left out, as far as the search went. A profile has no rules. */
  refused?: Refusals;
}

export type Bm25HardNegFields<NegativesKey extends string, Detailed extends boolean, Kept extends boolean> = Field<
  NegativesKey,
  string[]
> &
  ([Detailed] extends [true] ? Field<`${NegativesKey}_details`, NegativesDetails> : unknown) &
  ProvenanceField<Kept, 'bm25_hard_neg', Bm25HardNegProvenance>;

/**
 * BM25HardNeg: finds, for each question, documents that match it well and do not answer it.
 *
 * Adds `hard_negatives`: `numNeg` texts and `spare` more, best score first. By default they are, of the 20 best candidates, those least similar
 * to the positive; with spares, the best ranked beside them. Never among them: a document with the id or text of a positive (ignoring white space), a near-duplicate of
 * one (unless `nearDuplicate` is false), the same text twice, a document that scores 0. If fewer are left the record has
 * fewer; if none is left it is rejected.
 *
 * @throws UsageError for options that are unknown, missing, out of range or exclude each other
 * @throws IndexError for a `groupKey` whose values the index does not keep
 */
export function bm25HardNeg<
  const NegativesKey extends string = 'hard_negatives',
  const Detailed extends boolean = false,
  const Kept extends boolean = true,
>(
  options: Bm25HardNegOptions<NegativesKey, Detailed, Kept>,
): RecordOperator<Bm25HardNegFields<NegativesKey, Detailed, Kept>> {
  const resolved = resolveOptions('bm25HardNeg', bm25HardNegOptions, options);
  const { index, profile, questionKey, scenarioKey, idKey, negativesKey } = resolved;
  const textKey = documentKey(resolved);
  const { details, requirePositive, seed, onShortfall, maxPositiveShare, minPositiveRank } = resolved;
  if (profile !== undefined) refuseBesideProfile(profile, resolved);
  const remark = profile && profileRemark(profile, index);
  if (remark !== undefined) (resolved.onNotice ?? warnOfProfile)(remark);
  const numNeg = resolved.numNeg ?? (profile === undefined ? 3 : referenceTools[profile].numNeg);
  const query = resolved.query ?? (profile === undefined ? 'question' : referenceTools[profile].query);
  const weighting = resolved.weighting ?? (profile === undefined ? 'lucene' : 'dataflow');
  const { spare = 0 } = resolved;
  const wanted = numNeg + spare;
  const rules = resolveRules(resolved, numNeg, spare);
  requireGroups(index, rules.groupKey);
  const mining = { ...resolved, textKey, numNeg: wanted, spare, weighting, rules, turns: new EventLoopTurns() };
  const noneRefused = Object.fromEntries(rulesInForce(rules, resolved.excludeIds).map((name) => [name, 0]));
  const usesScenario = query === 'scenario+question';
  const detailsKey = `${negativesKey}_details`;

  const addNegatives = recordOperator(
    {
      stage: 'bm25_hard_neg',
      inputs: [
        textInput(questionKey, 'questionKey'),
        textInput(textKey, 'textKey'),
        ...(usesScenario ? [textInput(scenarioKey, 'scenarioKey')] : []),
      ],
      outputs: [negativesKey, ...(details ? [detailsKey] : [])],
      ...(requirePositive && {
        doubt: (record) => missingPositive(index, idText(valueAt(record, idKey)), valueAt(record, textKey) as string),
      }),
    },
    valuesOf(recordOptions, resolved),
    async (record, signal) => {
      const question = valueAt(record, questionKey) as string;
      const searched = usesScenario ? `${valueAt(record, scenarioKey)} ${question}` : question;
      const easy = tooManyShared(question, valueAt(record, textKey) as string, maxPositiveShare);
      if (easy !== undefined) throw new RejectError(easy);
      const { negatives, positive, refused, endedEarly } = await mineNegatives(record, searched, mining, signal);
      if (positive.rank !== null && positive.rank < minPositiveRank) {
        throw new RejectError(`the question is too easy: its document has rank ${positive.rank}`);
      }
      if (negatives.length === 0) throw new RejectError(endedEarly ? allAlike : noneLeft(refused));
      const missing = numNeg - negatives.length;
      if (missing > 0) onShortfall?.(missing);
      const made = { negatives: negatives.map(({ docId, text, ...negative }) => negative), positive };
      return [
        {
          fields: {
            [negativesKey]: negatives.map(({ text }) => text),
            ...(details && { [detailsKey]: made }),
          },
          provenance: {
            ...(profile === undefined ? {} : { profile }),
            weighting,
            ...(profile === undefined && { sampling: rules.sampling }),
            ...(profile === undefined && rules.sampling === 'random' && { seed }),
            ...made,
            shortfall: missing,
            ...(profile === undefined && { refused: { ...noneRefused, ...refused } }),
          },
        },
      ];
    },
  );
  return addNegatives as unknown as RecordOperator<Bm25HardNegFields<NegativesKey, Detailed, Kept>>;
}

function warnOfProfile(remark: string): void {
  process.emitWarning(remark, 'RareflowProfile');
}

/** Returns the refusal of a question that has too many of its words in its document. */
function tooManyShared(question: string, text: string, most = 1): string | undefined {
  const asked = [...new Set(wordsOf(question))];
  const known = new Set(most < 1 ? wordsOf(text) : []);
  const share = asked.filter((word) => known.has(word)).length / Math.max(1, asked.length);
  return share > most
    ? `the question is too easy: ${Math.round(100 * share)} % of its words are in its document`
    : undefined;
}

const allAlike = `no negative is left: ${MAX_ALIKE} documents that match the question have the text of a positive or of a better document, or nearly so: remove the duplicates from the corpus`;

function noneLeft(refused: Refusals): string {
  const rules = Object.entries(refused).map(([rule, count]) => `${rule} (${count})`);
  return rules.length === 0
    ? 'no document other than the positive shares a word with the question'
    : `no negative is left: the rules left out all documents, by ${rules.join(', ')}`;
}

function requireGroups({ groupKey }: Searcher, wanted: string | undefined): void {
  if (wanted === undefined || wanted === groupKey) return;
  const kept = groupKey === undefined ? 'no groups' : `the groups of the key ${JSON.stringify(groupKey)}`;
  throw new IndexError(`groupKey is ${JSON.stringify(wanted)}, but the index keeps ${kept}`, {
    hint: `build it with that key: rareflow index CORPUS -o PATH --group-key ${wanted}`,
  });
}

function refuseBesideProfile(profile: ReferenceTool, resolved: Resolved<typeof decidedByProfile>): void {
  const set = Object.entries(decidedByProfile)
    .filter(([name, option]) => resolved[name as keyof typeof decidedByProfile] !== option.default)
    .map(([name]) => name);
  if (set.length === 0) return;
  throw new UsageError(`the profile ${profile} chooses exactly as that tool does, so ${set.join(', ')} cannot be set`, {
    hint: 'leave out the profile, or these options',
  });
}
