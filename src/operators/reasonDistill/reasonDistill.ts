import { RejectError, UsageError } from '../../errors.js';
import type { DataRecord } from '../../record.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { promptLanguage } from '../../util/language.js';
import { type OptionsOf, type Resolved, resolveOptions, valuesOf } from '../../util/options.js';
import { seededRandom, shuffledOrder } from '../../util/random.js';
import { textInput, textListInput } from '../inputKeys.js';
import { type ModelProvenance, provenanceOf, tokenProvenance } from '../provenance.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { versionOf } from '../template.js';
import { acceptJudged } from './acceptJudge.js';
import { goldAnswers } from './finalAnswer.js';
import { reasonDistillOptions } from './options.js';
import { REASON_DISTILL_PROMPT_VERSION, renderReasonDistill } from './prompt.js';
import {
  type AcceptSample,
  acceptAgreement,
  acceptAnswer,
  type Sampled,
  sampleUntilAccepted,
} from './sampleUntilAccepted.js';

export { withThinking } from './withThinking.js';

/** The type parameters are the key written and whether provenance is kept, as literals. */
export interface ReasonDistillOptions<ReasoningKey extends string = string, Kept extends boolean = boolean>
  extends OptionsOf<typeof reasonDistillOptions> {
  reasoningKey?: ReasoningKey | undefined;
  provenance?: Kept | undefined;
  /** @deprecated Use `textKey`. */
  inputTextKey?: string | undefined;
  /** @deprecated Use `questionKey`. */
  inputQuestionKey?: string | undefined;
  /** @deprecated Use `scenarioKey`. */
  inputScenarioKey?: string | undefined;
  /** @deprecated Use `negativesKey`. */
  inputHardnegKey?: string | undefined;
  /** @deprecated Use `reasoningKey`. */
  outputKey?: ReasoningKey | undefined;
}

/** The provenance of a record under `_rareflow.reason_distill`. */
export type ReasonDistillProvenance = ModelProvenance & {
  seed: number;
  /** The documents in the order shown: 0 is the record's own text, n its n-th negative. */
  order: number[];
  /** The way of accepting, and the verdict on each sample; absent if none was asked for. */
  accept?: 'answer' | 'agreement' | 'judge';
  samples?: { accepted: boolean; reason: string }[];
};

export type ReasonDistillFields<ReasoningKey extends string, Kept extends boolean> = Field<ReasoningKey, string> &
  ProvenanceField<Kept, 'reason_distill', ReasonDistillProvenance>;

/**
 * ReasonDistill: has a teacher model reason over each question and its documents, the positive and the negatives shuffled.
 *
 * Adds `reasoning`: the teacher's whole answer. Thinking that came apart from it is put before it, as
 * `<think>…</think>\n<answer>…</answer>`. With `accept` it samples up to `samples` answers until one is accepted, adds `label` and
 * keeps the refused ones in `refused_reasoning`; a record without an accepted answer is rejected, or kept with the label false
 * (`keepRefused`). The order of the documents depends on the seed and the record's own question and
 * text.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 * @throws ModelError, while it runs, if the model cannot be used at all
 */
export function reasonDistill<const ReasoningKey extends string = 'reasoning', const Kept extends boolean = true>(
  options: ReasonDistillOptions<ReasoningKey, Kept>,
): RecordOperator<ReasonDistillFields<ReasoningKey, Kept>> {
  const settings = resolveOptions('reasonDistill', reasonDistillOptions, options);
  const { model, questionKey, scenarioKey, negativesKey, reasoningKey, seed, language } = settings;
  const textKey = documentKey(settings);
  const { promptTemplate: template, accept, acceptedKey, refusedKey, servedModel: keepsServed } = settings;
  if (accept === undefined && (settings.samples > 1 || settings.keepRefused)) {
    throw new UsageError('reasonDistill: samples and keepRefused need accept', {
      hint: 'accept: answer, agreement or judge (--accept)',
    });
  }
  if (accept === 'agreement' && settings.samples < 2) {
    throw new UsageError('reasonDistill: two samples are needed to agree', { hint: 'samples: 2 or more (--samples)' });
  }
  const stage = 'reason_distill';
  const promptVersion = versionOf(REASON_DISTILL_PROMPT_VERSION, template);

  const addReasoning = recordOperator(
    {
      stage,
      inputs: [
        textInput(textKey, 'textKey'),
        textInput(questionKey, 'questionKey'),
        ...(scenarioKey === '' ? [] : [textInput(scenarioKey, 'scenarioKey')]),
        textListInput(negativesKey, 'negativesKey'),
      ],
      outputs: [reasoningKey, ...(accept === undefined ? [] : [acceptedKey, refusedKey])],
    },
    valuesOf(recordOptions, settings),
    async (record, signal) => {
      const text = valueAt(record, textKey) as string;
      const question = valueAt(record, questionKey) as string;
      const documents = [text, ...(valueAt(record, negativesKey) as string[])];
      const order = shuffledOrder(documents.length, seededRandom(seed, question, text));
      const messages = renderReasonDistill({
        question,
        scenario: scenarioKey === '' ? undefined : (valueAt(record, scenarioKey) as string),
        documents: order.map((index) => documents[index] as string),
        language: language === 'auto' ? promptLanguage(question) : language,
        template,
      });
      const acceptance =
        accept &&
        acceptSample(record, { settings, question, documents: order.map((index) => documents[index] as string) });
      const { samples, sampleTemperature: temperature, sampleTopP: topP } = settings;
      const request = { messages, stage };
      const made = await sampleUntilAccepted(
        { model, request, samples, temperature, topP, accept: acceptance },
        signal,
      );
      if (!made.accepted && !settings.keepRefused) throw noneAccepted(made);
      return [
        {
          fields: {
            [reasoningKey]: made.chosen,
            ...(accept && { [acceptedKey]: made.accepted }),
            ...(accept && { [refusedKey]: made.refused }),
          },
          provenance: {
            ...provenanceOf(made.completion, promptVersion, { keepsServed }),
            ...tokenProvenance(made.usage, made.usage.cached),
            seed,
            order,
            ...(accept && { accept, samples: made.verdicts.map(({ accepted, reason }) => ({ accepted, reason })) }),
          },
        },
      ];
    },
  );
  return addReasoning as unknown as RecordOperator<ReasonDistillFields<ReasoningKey, Kept>>;
}

interface Accepting {
  settings: Resolved<typeof reasonDistillOptions>;
  question: string;
  documents: string[];
}

/** Returns the test that accepts the samples of a record. Throws RejectError for a record without a right answer to compare with. */
function acceptSample(record: DataRecord, { settings, question, documents }: Accepting): AcceptSample {
  const { accept, answerKey, scenarioKey, model, judgeModel = model, language, seed } = settings;
  if (accept === 'agreement') return acceptAgreement;
  if (accept === 'judge') {
    const scenario = scenarioKey === '' ? undefined : (valueAt(record, scenarioKey) as string);
    return acceptJudged({ model: judgeModel, question, scenario, documents, language, seed, maxAttempts: 3 });
  }
  const gold = goldAnswers(valueAt(record, answerKey));
  if (gold === undefined) throw new RejectError(`the key "${answerKey}" holds no answer to compare with`);
  return acceptAnswer(gold);
}

function noneAccepted({ verdicts, chosen, completion }: Sampled): RejectError {
  const all = verdicts.length === 1 ? 'the sample was not accepted' : `none of ${verdicts.length} samples was accepted`;
  return new RejectError(`${all}: ${verdicts.at(-1)?.reason}`, { attempts: completion.attempts, answer: chosen });
}
