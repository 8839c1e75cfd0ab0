import type { Operator } from '../../flow/operator.js';
import type { ChatModel, Completion } from '../../llm/chatModel.js';
import { type DataRecord, defaultKeys } from '../../record.js';
import { promptLanguage } from '../../util/language.js';
import { seededRandom, shuffledOrder } from '../../util/random.js';
import { provenanceOf } from '../provenance.js';
import { type RecordOptions, recordOperator, textListProblem, textProblem } from '../recordOperator.js';
import { checkTemplate, type PromptOptions, versionOf } from '../template.js';
import { render, requiredPlaceholders, version } from './prompt.js';

export interface ReasonDistillOptions extends RecordOptions, PromptOptions {
  model: ChatModel;
  /** Default `text`. */
  inputTextKey?: string | undefined;
  /** Default `question`. */
  inputQuestionKey?: string | undefined;
  /** Default `scenario`; `''` for questions that have none. */
  inputScenarioKey?: string | undefined;
  /** Default `hard_negatives`. */
  inputHardnegKey?: string | undefined;
  /** Default `reasoning`. */
  outputKey?: string | undefined;
  /** Seeds the order of the documents, together with the record's own question and text. Default 0. */
  seed?: number | undefined;
}

/**
 * ReasonDistill: has a teacher model reason over the question and its documents, the positive and the negatives shuffled.
 *
 * Adds `reasoning`: the teacher's whole answer; thinking that came apart is put before it, as
 * `<think>…</think>\n<answer>…</answer>`. The order shown is kept under `_rareflow.reason_distill.order`: 0 is the
 * record's own text, n its n-th negative. A prompt of your own holds `{{question}}` and `{{documents}}`, and may hold
 * `{{scenario}}`. Throws ModelError when the model cannot be used at all.
 */
export function reasonDistill(options: ReasonDistillOptions): Operator<object, DataRecord> {
  const {
    model,
    inputTextKey = defaultKeys.text,
    inputQuestionKey = defaultKeys.question,
    inputScenarioKey = defaultKeys.scenario,
    inputHardnegKey = defaultKeys.hardNegatives,
    outputKey = defaultKeys.reasoning,
    seed = 0,
    language = 'auto',
    promptTemplate: template,
    ...recordOptions
  } = options;
  if (template !== undefined) checkTemplate(template, requiredPlaceholders);
  const stage = 'reason_distill';
  const promptVersion = versionOf(version, template);
  const scenarioInput = { key: inputScenarioKey, option: 'inputScenarioKey', problem: textProblem };

  return recordOperator(
    {
      stage,
      inputs: [
        { key: inputTextKey, option: 'inputTextKey', problem: textProblem },
        { key: inputQuestionKey, option: 'inputQuestionKey', problem: textProblem },
        ...(inputScenarioKey === '' ? [] : [scenarioInput]),
        { key: inputHardnegKey, option: 'inputHardnegKey', problem: textListProblem },
      ],
      outputs: [outputKey],
    },
    recordOptions,
    async (record, signal) => {
      const text = record[inputTextKey] as string;
      const question = record[inputQuestionKey] as string;
      const candidates = [text, ...(record[inputHardnegKey] as string[])];
      const order = shuffledOrder(candidates.length, seededRandom(seed, question, text));
      const messages = render({
        question,
        scenario: inputScenarioKey === '' ? undefined : (record[inputScenarioKey] as string),
        documents: order.map((place) => candidates[place] as string),
        language: language === 'auto' ? promptLanguage(question) : language,
        template,
      });
      const completion = await model.complete({ messages, stage }, { signal });
      return [
        {
          fields: { [outputKey]: withThinking(completion) },
          provenance: {
            ...provenanceOf(completion, promptVersion),
            ...completion.usage,
            ...(completion.cached && { cached: true }),
            seed,
            order,
          },
        },
      ];
    },
  );
}

/** The answer as training text, with the thinking before it where that came apart. */
export function withThinking({ text, thinking }: Pick<Completion, 'text' | 'thinking'>): string {
  if (thinking === undefined) return text;
  const answer = /<answer>[\s\S]*<\/answer>/.test(text) ? text : `<answer>${text}</answer>`;
  return `<think>${thinking.text}</think>\n${answer}`;
}
