import type { Completion } from '../../llm/chatModel.js';
import { hasAnswerTags } from '../../util/answerTags.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { promptLanguage } from '../../util/language.js';
import { type OptionsOf, resolveOptions, valuesOf } from '../../util/options.js';
import { seededRandom, shuffledOrder } from '../../util/random.js';
import { askModel } from '../askModel.js';
import { textInput, textListInput } from '../inputKeys.js';
import { type ModelProvenance, provenanceOf, tokenProvenance } from '../provenance.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { versionOf } from '../template.js';
import { reasonDistillOptions } from './options.js';
import { REASON_DISTILL_PROMPT_VERSION, renderReasonDistill } from './prompt.js';

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
};

export type ReasonDistillFields<ReasoningKey extends string, Kept extends boolean> = Field<ReasoningKey, string> &
  ProvenanceField<Kept, 'reason_distill', ReasonDistillProvenance>;

/**
 * ReasonDistill: has a teacher model reason over each question and its documents, the positive and the negatives shuffled.
 *
 * Adds `reasoning`: the teacher's whole answer. Thinking that came apart from it is put before it, as
 * `<think>…</think>\n<answer>…</answer>`. The order of the documents depends on the seed and the record's own question and
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
  const { promptTemplate: template } = settings;
  const textKey = documentKey(settings);
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
      outputs: [reasoningKey],
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
      const completion = await askModel(model, { messages, stage }, signal);
      return [
        {
          fields: { [reasoningKey]: withThinking(completion) },
          provenance: {
            ...provenanceOf(completion, promptVersion),
            ...tokenProvenance(completion.usage, completion.cached),
            seed,
            order,
          },
        },
      ];
    },
  );
  return addReasoning as unknown as RecordOperator<ReasonDistillFields<ReasoningKey, Kept>>;
}

/** Returns the answer as training text, with the thinking before it if that came apart. */
export function withThinking({ text, thinking }: Pick<Completion, 'text' | 'thinking'>): string {
  if (thinking === undefined) return text;
  const answer = hasAnswerTags(text) ? text : `<answer>${text}</answer>`;
  return `<think>${thinking.text}</think>\n${answer}`;
}
