import type { ChatMessage } from '../llm/chatModel.js';
import { render as renderQuestion } from '../operators/doc2Query/prompt.js';
import { render as renderReasoning } from '../operators/reasonDistill/prompt.js';
import { type DataRecord, isRecord, isText } from '../record.js';
import { type PromptLanguage, promptLanguage } from '../util/language.js';

/** A stage that asks a model, as a dry run sees it. */
export interface PlannedStage {
  name: 'doc2query' | 'reason_distill';
  /** The prompt of a record; what stages before would add to it is made up, its negatives of the other records. */
  promptOf(record: DataRecord, others: DataRecord[]): ChatMessage[];
  /** How many others it needs. */
  others: number;
  /** Prompts for each record of the input. */
  perRecord: number;
  /** What is assumed of an answer's length, in tokens, and of the share of answers that are asked for again. */
  answerTokens: number;
  askedAgain: number;
}

interface PromptFlags {
  language: PromptLanguage | 'auto';
  template: string | undefined;
}

const ofLength = (characters: number) => 'word '.repeat(characters / 5);

const languageOf = (language: PromptLanguage | 'auto', text: string) =>
  language === 'auto' ? promptLanguage(text) : language;

/** A question with its scenario is about 120 tokens, the notes before them about 80. */
export function plannedDoc2Query(options: PromptFlags & { inputKey: string; queriesPerDoc: number }): PlannedStage {
  const { inputKey, queriesPerDoc, template } = options;
  return {
    name: 'doc2query',
    promptOf(record) {
      const text = String(record[inputKey]);
      return renderQuestion({ text, language: languageOf(options.language, text), queriesPerDoc, template });
    },
    others: 0,
    perRecord: 1,
    answerTokens: 80 + 120 * queriesPerDoc,
    askedAgain: 0.03,
  };
}

/** What a question and its scenario are taken to be before there are any, in characters. */
export const madeUp = { question: 160, scenario: 320 };

export interface ReasonDistillPlan extends PromptFlags {
  inputTextKey: string;
  inputQuestionKey: string;
  inputScenarioKey: string;
  inputHardnegKey: string;
  /** Negatives that records will be given, with a question and a scenario; absent where they bring theirs along. */
  numNeg?: number | undefined;
  /** Default 1. */
  perRecord?: number | undefined;
}

export function plannedReasonDistill(plan: ReasonDistillPlan): PlannedStage {
  const { inputTextKey, inputQuestionKey, inputScenarioKey, inputHardnegKey } = plan;
  const { language, template, numNeg, perRecord = 1 } = plan;
  return {
    name: 'reason_distill',
    promptOf(record, others) {
      const isGiven = numNeg === undefined;
      const text = String(record[inputTextKey]);
      const negatives = isGiven ? record[inputHardnegKey] : others.map((one) => one[inputTextKey]);
      const scenario = isGiven ? String(record[inputScenarioKey]) : ofLength(madeUp.scenario);
      return renderReasoning({
        question: isGiven ? String(record[inputQuestionKey]) : ofLength(madeUp.question),
        scenario: inputScenarioKey === '' ? undefined : scenario,
        documents: [text, ...(negatives as string[])],
        language: languageOf(language, text),
        template,
      });
    },
    others: numNeg ?? 0,
    perRecord,
    answerTokens: 900,
    askedAgain: 0,
  };
}

/** Tells whether an operator would take a record: texts under the keys it reads, nothing yet under those it writes. */
export function takes(inputs: string[], outputs: string[], overwrite = false): (record: DataRecord) => boolean {
  return (record) =>
    isRecord(record) &&
    inputs.every((key) => isText(record[key])) &&
    (overwrite || outputs.every((key) => record[key] === undefined || record[key] === null));
}
