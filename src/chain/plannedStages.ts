import type { ChatMessage } from '../llm/chatModel.js';
import { renderDoc2Query } from '../operators/doc2Query/prompt.js';
import { renderJudgeNegatives } from '../operators/judgeNegatives/prompt.js';
import { renderJudgeQuestions } from '../operators/judgeQuestions/prompt.js';
import { renderReasonDistill } from '../operators/reasonDistill/prompt.js';
import { type DataRecord, defaultKeys, isRecord, isText } from '../record.js';
import { documentKey, valueAt } from '../util/keyPath.js';
import { type PromptLanguage, promptLanguage } from '../util/language.js';

/** A stage that asks a model, as a dry run plans it. */
export interface PlannedStage {
  name:
    | 'doc2query'
    | 'judge_questions'
    | 'judge_negatives'
    | 'confirm_negatives'
    | 'reason_distill'
    | 'accept_reasoning';
  /** The model that it asks, for its prices. Default: that of the run. */
  model?: string | undefined;
  /** Returns the prompt of a record, with filler for what earlier stages would add and other records as its negatives. */
  promptOf(record: DataRecord, others: DataRecord[]): ChatMessage[];
  /** The number of other records that it needs. */
  others: number;
  /** Prompts for each record of the input. */
  perRecord: number;
  /** The assumed length of an answer, in tokens, and the assumed share of answers that are requested again. */
  answerTokens: number;
  askedAgain: number;
}

interface PromptPlan {
  /** Default `auto`: the language of each text. */
  language?: PromptLanguage | 'auto' | undefined;
  promptTemplate?: string | undefined;
}

const filler = (characters: number) => 'word '.repeat(characters / 5);

const languageOf = (language: PromptLanguage | 'auto', text: string) =>
  language === 'auto' ? promptLanguage(text) : language;

export interface Doc2QueryPlan extends PromptPlan {
  textKey?: string | undefined;
  titleKey?: string | undefined;
  /** Default 1. */
  queriesPerDoc?: number | undefined;
}

/** Plans doc2query. A question with its scenario is about 120 tokens, the notes before them about 80. */
export function plannedDoc2Query(plan: Doc2QueryPlan): PlannedStage {
  const textKey = documentKey({ ...plan, textKey: plan.textKey ?? defaultKeys.text });
  const { queriesPerDoc = 1, language = 'auto', promptTemplate: template } = plan;
  return {
    name: 'doc2query',
    promptOf(record) {
      const text = String(valueAt(record, textKey));
      return renderDoc2Query({ text, language: languageOf(language, text), queriesPerDoc, template });
    },
    others: 0,
    perRecord: 1,
    answerTokens: 80 + 120 * queriesPerDoc,
    askedAgain: 0.03,
  };
}

/** The assumed lengths of a question and its scenario before they exist, in characters. */
export const ASSUMED_CHARACTERS = { question: 160, scenario: 320 };

export interface ReasonDistillPlan extends PromptPlan {
  textKey?: string | undefined;
  titleKey?: string | undefined;
  questionKey?: string | undefined;
  scenarioKey?: string | undefined;
  negativesKey?: string | undefined;
  /** Negatives that earlier stages will add, with a question and a scenario. Default: the records have them already. */
  numNeg?: number | undefined;
  /** Default 1. */
  perRecord?: number | undefined;
  /** The most samples of a record. Default 1. */
  samples?: number | undefined;
}

/** The assumed share of samples that are accepted. */
const ACCEPTED_SHARE = 0.5;

/** Plans reason-distill. Its answer is assumed to be 900 tokens, and every second sample to be accepted. */
export function plannedReasonDistill(plan: ReasonDistillPlan): PlannedStage {
  const textKey = documentKey({ ...plan, textKey: plan.textKey ?? defaultKeys.text });
  const { questionKey = defaultKeys.question, scenarioKey = defaultKeys.scenario } = plan;
  const { negativesKey = defaultKeys.hardNegatives, language = 'auto', numNeg, perRecord = 1 } = plan;
  const { promptTemplate: template, samples = 1 } = plan;
  return {
    name: 'reason_distill',
    promptOf(record, others) {
      const isComplete = numNeg === undefined;
      const text = String(valueAt(record, textKey));
      const negatives = isComplete ? valueAt(record, negativesKey) : others.map((one) => valueAt(one, textKey));
      const scenario = isComplete ? String(valueAt(record, scenarioKey)) : filler(ASSUMED_CHARACTERS.scenario);
      return renderReasonDistill({
        question: isComplete ? String(valueAt(record, questionKey)) : filler(ASSUMED_CHARACTERS.question),
        scenario: scenarioKey === '' ? undefined : scenario,
        documents: [text, ...(negatives as string[])],
        language: languageOf(language, text),
        template,
      });
    },
    others: numNeg ?? 0,
    perRecord: perRecord * samplesExpected(samples),
    answerTokens: 900,
    askedAgain: 0,
  };
}

/** Returns the mean number of samples until one is accepted, of `most` at most: 1.875 of 4. */
function samplesExpected(most: number): number {
  return (1 - (1 - ACCEPTED_SHARE) ** most) / ACCEPTED_SHARE;
}

/** Plans the judge that accepts reasoning. */
export function plannedAcceptance(plan: ReasonDistillPlan & { model?: string | undefined }): PlannedStage {
  return {
    ...plannedReasonDistill(plan),
    name: 'accept_reasoning',
    model: plan.model,
    answerTokens: 120,
    askedAgain: 0.02,
  };
}

interface JudgePlan extends Omit<PromptPlan, 'promptTemplate'> {
  textKey?: string | undefined;
  questionKey?: string | undefined;
  scenarioKey?: string | undefined;
  negativesKey?: string | undefined;
  /** Default 1. */
  perRecord?: number | undefined;
  model?: string | undefined;
}

export interface JudgeQuestionsPlan extends JudgePlan {
  /** True if earlier stages will add the questions. Default: the records have them already. */
  isEarly?: boolean | undefined;
}

/** Plans judge-questions. A verdict with its reason is about 35 tokens, and there are five. */
export function plannedJudgeQuestions(plan: JudgeQuestionsPlan): PlannedStage {
  const { textKey = defaultKeys.text, questionKey = defaultKeys.question, scenarioKey = defaultKeys.scenario } = plan;
  const { language = 'auto', perRecord = 1, isEarly = false, model } = plan;
  return {
    name: 'judge_questions',
    model,
    promptOf(record) {
      const document = String(record[textKey]);
      const scenario = isEarly ? filler(ASSUMED_CHARACTERS.scenario) : String(record[scenarioKey]);
      const question = isEarly ? filler(ASSUMED_CHARACTERS.question) : String(record[questionKey]);
      const asked = { question, scenario: scenarioKey === '' ? undefined : scenario, document, id: '00000000' };
      return renderJudgeQuestions(asked, languageOf(language, isEarly ? document : question));
    },
    others: 0,
    perRecord,
    answerTokens: 180,
    askedAgain: 0.02,
  };
}

export interface JudgeNegativesPlan extends JudgePlan {
  /** Negatives that earlier stages will add, spares included. Default: the records have them already. */
  mined?: number | undefined;
}

/** Plans judge-negatives. A verdict with its reason and its snippet is about 60 tokens. */
export function plannedJudgeNegatives(plan: JudgeNegativesPlan): PlannedStage {
  return { ...negativesPlan(plan, 'judge_negatives'), answerTokens: 60 * (1 + (plan.mined ?? 3)) };
}

/** Plans the second model of judge-negatives: it is assumed to read a negative of every third record. */
export function plannedConfirmNegatives(plan: JudgeNegativesPlan): PlannedStage {
  const { perRecord = 1 } = plan;
  return { ...negativesPlan(plan, 'confirm_negatives'), perRecord: perRecord / 3, answerTokens: 90 };
}

function negativesPlan(
  plan: JudgeNegativesPlan,
  name: 'judge_negatives' | 'confirm_negatives',
): Omit<PlannedStage, 'answerTokens'> {
  const {
    textKey = defaultKeys.text,
    questionKey = defaultKeys.question,
    negativesKey = defaultKeys.hardNegatives,
  } = plan;
  const { language = 'auto', perRecord = 1, mined, model } = plan;
  return {
    name,
    model,
    promptOf(record, others) {
      const text = String(record[textKey]);
      const question = mined === undefined ? String(record[questionKey]) : filler(ASSUMED_CHARACTERS.question);
      const negatives =
        mined === undefined ? (record[negativesKey] as string[]) : others.map((one) => String(one[textKey]));
      const read = name === 'confirm_negatives' ? negatives.slice(0, 1) : [text, ...negatives];
      const documents = read.map((one) => ({ id: '00000000', text: one }));
      return renderJudgeNegatives({ question, documents }, languageOf(language, mined === undefined ? question : text));
    },
    others: mined ?? 0,
    perRecord,
    askedAgain: 0.02,
  };
}

/** Returns a test for records that an operator accepts: text under each input key, nothing yet under the output keys. */
export function accepts(inputs: string[], outputs: string[], overwrite = false): (record: DataRecord) => boolean {
  return (record) =>
    isRecord(record) &&
    inputs.every((key) => isText(valueAt(record, key))) &&
    (overwrite || outputs.every((key) => record[key] === undefined || record[key] === null));
}
