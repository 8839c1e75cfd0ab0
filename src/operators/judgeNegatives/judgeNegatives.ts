import { RejectError } from '../../errors.js';
import type { ChatModel } from '../../llm/chatModel.js';
import { type DataRecord, defaultKeys, isRecord } from '../../record.js';
import { describe } from '../../util/check.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { promptLanguage } from '../../util/language.js';
import { type OptionsOf, type Resolved, resolveOptions, valuesOf } from '../../util/options.js';
import { seededRandom, shuffledOrder } from '../../util/random.js';
import { askUntilRead } from '../askUntilRead.js';
import { textInput, textListInput } from '../inputKeys.js';
import { unguessableIds } from '../judgePrompt.js';
import { type ModelProvenance, provenanceOf, tokenProvenance } from '../provenance.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { doubtfulNegatives } from './doubtful.js';
import { judgeNegativesOptions } from './options.js';
import {
  type DocumentVerdict,
  type DocumentVerdictName,
  JUDGE_NEGATIVES_PROMPT_VERSION,
  negativesSchema,
  parseJudgeNegatives,
  renderJudgeNegatives,
  renderJudgeNegativesAgain,
} from './prompt.js';
import { type NegativeUse, useOf } from './useOf.js';

/** The type parameters are the key written and whether provenance is kept, as literals. */
export interface JudgeNegativesOptions<JudgementKey extends string = string, Kept extends boolean = boolean>
  extends OptionsOf<typeof judgeNegativesOptions> {
  negativesJudgementKey?: JudgementKey | undefined;
  provenance?: Kept | undefined;
}

/** The judgement on one mined negative, in the order of the list. */
export interface NegativeJudgement extends DocumentVerdict {
  /** `negative`: it is kept; `spare`: it is one, and was left out because there were enough. */
  use: NegativeUse;
  /** The first model's verdict, if a second one confirmed or changed it. */
  first?: DocumentVerdictName;
  /** The text of a document that was removed from the record. */
  text?: string;
}

/** The provenance of a record under `_rareflow.judge_negatives`: the tokens are those of the first model. */
export type JudgeNegativesProvenance = ModelProvenance & {
  cached?: true;
  seed: number;
  /** The documents in the order shown: 0 is the record's own text, n its n-th negative. */
  order: number[];
  /** The verdict on the record's own text, which the judge does not know to be the positive. */
  positive: DocumentVerdictName;
  /** The indexes, from 0, of the negatives that were kept. */
  kept: number[];
  /** The number of missing negatives, if there are fewer than `numNeg`. */
  shortfall?: number;
  /** The second model's part, if it was asked. */
  confirm?: ModelProvenance & { cached?: true };
};

export type JudgeNegativesFields<JudgementKey extends string, Kept extends boolean> = Field<
  JudgementKey,
  NegativeJudgement[]
> &
  ProvenanceField<Kept, 'judge_negatives', JudgeNegativesProvenance>;

const JUDGE_STAGE = 'judge_negatives';
const CONFIRM_STAGE = 'confirm_negatives';

/**
 * JudgeNegatives: has a model read all negatives of a record in one call and say which of them answer the question after all.
 *
 * Adds `negatives_judgement`, one entry for each negative, and leaves in `hard_negatives` those that do not answer, `numNeg`
 * of them at most: the first, but last those most alike to the answers that were found. What answers is moved to `positives` as `{id?, text}`, dropped, or the record is rejected, as `onFalse`
 * says; what answers partly is dropped. With `annotate` the list stays as it is. The documents are shown in an order that depends on the seed and the record, the
 * record's own text among them, each under an id that no document can know.
 *
 * With a `confirmModel`, a document becomes a positive only if that model says so too. It reads what the first one flagged: by
 * default only if fewer than `numNeg` negatives would be left without those.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 * @throws ModelError, while it runs, if a model cannot be used at all
 */
export function judgeNegatives<
  const JudgementKey extends string = 'negatives_judgement',
  const Kept extends boolean = true,
>(options: JudgeNegativesOptions<JudgementKey, Kept>): RecordOperator<JudgeNegativesFields<JudgementKey, Kept>> {
  const settings = resolveOptions('judgeNegatives', judgeNegativesOptions, options);
  const { questionKey, negativesKey, negativesJudgementKey, positivesKey = 'positives' } = settings;
  const textKey = documentKey(settings);
  const { numNeg = Number.POSITIVE_INFINITY, seed, onFalse, onShortfall, annotate } = settings;
  const judge = recordOperator(
    {
      stage: JUDGE_STAGE,
      inputs: [
        textInput(questionKey, 'questionKey'),
        textInput(textKey, 'textKey'),
        textListInput(negativesKey, 'negativesKey'),
      ],
      outputs: [negativesJudgementKey],
    },
    valuesOf(recordOptions, settings),
    async (record, signal) => {
      const negatives = valueAt(record, negativesKey) as string[];
      if (negatives.length === 0) throw new RejectError('it has no negatives to judge');
      const earlierPositives = positivesIn(record, positivesKey);
      const question = valueAt(record, questionKey) as string;
      const documents = [valueAt(record, textKey) as string, ...negatives];
      const order = shuffledOrder(documents.length, seededRandom(seed, question, documents[0] as string));
      const first = await judgeDocuments({ ...settings, stage: JUDGE_STAGE, question, documents, order }, signal);
      const [positive, ...found] = first.verdicts as [DocumentVerdict, ...DocumentVerdict[]];
      const { final, confirm } = await confirmed(found, { settings, question, negatives }, signal);
      const doubtful = doubtfulNegatives(final, { positive: documents[0] as string, negatives }, numNeg);
      const uses = useOf(final, { numNeg, onFalse, hasConfirmer: settings.confirmModel !== undefined, doubtful });
      if (annotate) uses.fill('negative');
      const judgements = final.map((one, index): NegativeJudgement => {
        const use = uses[index] as NegativeUse;
        return { ...one, use, ...(use === 'dropped' && { text: negatives[index] as string }) };
      });
      const kept = indexesOf(uses, 'negative');
      const wrong = final.findIndex(({ verdict }) => verdict === 'answers');
      if (onFalse === 'reject' && wrong >= 0 && !annotate) {
        throw new RejectError(
          `negative ${wrong + 1} answers the question: ${final[wrong]?.reason}`,
          attemptsOf(first, confirm),
        );
      }
      if (kept.length === 0) {
        throw new RejectError(
          `no negative is left: all ${negatives.length} answer the question or part of it`,
          attemptsOf(first, confirm),
        );
      }
      const missing = numNeg === Number.POSITIVE_INFINITY || annotate ? 0 : numNeg - kept.length;
      if (missing > 0) onShortfall?.(missing);
      const ids = minedIds(record, negatives.length);
      const relabelled = indexesOf(uses, 'positive').map((index) => ({
        ...(ids?.[index] !== undefined && { id: ids[index] }),
        text: negatives[index] as string,
      }));
      return [
        {
          fields: {
            [negativesKey]: kept.map((index) => negatives[index] as string),
            ...keptDetails(record, `${negativesKey}_details`, kept, negatives.length),
            ...(relabelled.length > 0 && { [positivesKey]: [...earlierPositives, ...relabelled] }),
            [negativesJudgementKey]: judgements,
          },
          provenance: {
            ...first.provenance,
            ...{ seed, order, positive: positive.verdict, kept },
            ...(missing > 0 && { shortfall: missing }),
            ...(confirm && { confirm: confirm.provenance }),
          },
        },
      ];
    },
  );
  return judge as unknown as RecordOperator<JudgeNegativesFields<JudgementKey, Kept>>;
}

interface Judging extends Pick<Resolved<typeof judgeNegativesOptions>, 'maxAttempts' | 'language' | 'seed'> {
  model: ChatModel;
  stage: string;
  question: string;
  documents: string[];
  /** The order in which they are shown. */
  order: number[];
}

/** Asks for verdicts on documents; returns them in the order of `documents`. */
async function judgeDocuments(judging: Judging, signal: AbortSignal) {
  const { model, stage, question, documents, order, seed, maxAttempts } = judging;
  const language = judging.language === 'auto' ? promptLanguage(question) : judging.language;
  const ids = unguessableIds(documents.length, seed, [question, ...documents]);
  const shown = order.map((index) => ({ id: ids[index] as string, text: documents[index] as string }));
  const { value, completion, usage } = await askUntilRead(
    {
      ...{ model, stage, maxAttempts, schema: negativesSchema },
      messages: renderJudgeNegatives({ question, documents: shown }, language),
      read: (answer) => parseJudgeNegatives(answer, ids),
      again: (messages, answer, reason) => renderJudgeNegativesAgain(messages, answer, reason, language),
    },
    signal,
  );
  return {
    verdicts: value,
    provenance: {
      ...provenanceOf(completion, JUDGE_NEGATIVES_PROMPT_VERSION),
      ...tokenProvenance(usage, usage.cached),
    },
  };
}

interface Flagged {
  settings: Resolved<typeof judgeNegativesOptions>;
  question: string;
  negatives: string[];
}

type FinalVerdict = DocumentVerdict & { first?: DocumentVerdictName };

/** Has the second model read what the first one flagged, if there is one and it is to be asked. */
async function confirmed(found: DocumentVerdict[], { settings, question, negatives }: Flagged, signal: AbortSignal) {
  const { confirmModel, confirmWhen, onFalse, numNeg = Number.POSITIVE_INFINITY } = settings;
  const flagged = found.flatMap(({ verdict }, index) => (verdict === 'no' ? [] : [index]));
  const isEnough = confirmWhen === 'needed' && onFalse !== 'reject' && found.length - flagged.length >= numNeg;
  const final: FinalVerdict[] = [...found];
  if (confirmModel === undefined || flagged.length === 0 || isEnough) return { final, confirm: undefined };
  const documents = flagged.map((index) => negatives[index] as string);
  const order = documents.map((_, index) => index);
  const confirm = await judgeDocuments(
    { ...settings, model: confirmModel, stage: CONFIRM_STAGE, question, documents, order },
    signal,
  );
  for (const [place, index] of flagged.entries()) {
    const { verdict } = found[index] as DocumentVerdict;
    final[index] = { ...(confirm.verdicts[place] as DocumentVerdict), first: verdict };
  }
  return { final, confirm };
}

function attemptsOf(...asked: ({ provenance: { attempts: number } } | undefined)[]): { attempts: number } {
  return { attempts: asked.reduce((sum, one) => sum + (one?.provenance.attempts ?? 0), 0) };
}

function indexesOf(uses: NegativeUse[], wanted: NegativeUse): number[] {
  return uses.flatMap((use, index) => (use === wanted ? [index] : []));
}

function positivesIn(record: DataRecord, key: string): unknown[] {
  const value = valueAt(record, key);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new RejectError(`"${key}" holds ${describe(value)}, not a list of texts and ids`);
}

/** Returns the ids of mined negatives, as far as bm25HardNeg wrote them. */
function minedIds(record: DataRecord, count: number): (string | undefined)[] | undefined {
  const all = record[defaultKeys.provenance];
  const mined = isRecord(all) && isRecord(all.bm25_hard_neg) ? all.bm25_hard_neg.negatives : undefined;
  if (!Array.isArray(mined) || mined.length !== count) return undefined;
  return mined.map((one) => (isRecord(one) && typeof one.id === 'string' ? one.id : undefined));
}

/** Keeps the details of bm25HardNeg in step with the list. */
function keptDetails(record: DataRecord, key: string, kept: number[], count: number): DataRecord {
  const details = record[key];
  if (!isRecord(details) || !Array.isArray(details.negatives) || details.negatives.length !== count) return {};
  const { negatives } = details;
  return { [key]: { ...details, negatives: kept.map((index) => negatives[index]) } };
}
