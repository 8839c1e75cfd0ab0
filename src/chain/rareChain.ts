import type { OperatorContext } from '../flow/operator.js';
import type { Source } from '../flow/source.js';
import { type Bm25HardNegFields, bm25HardNeg } from '../operators/bm25HardNeg/bm25HardNeg.js';
import { bm25HardNegOptions, SPARE_FOR_JUDGE } from '../operators/bm25HardNeg/options.js';
import { decontaminate } from '../operators/decontaminate/decontaminate.js';
import { type Doc2QueryFields, doc2Query } from '../operators/doc2Query/doc2Query.js';
import { doc2QueryOptions } from '../operators/doc2Query/options.js';
import { DOC2QUERY_PROMPT_VERSION } from '../operators/doc2Query/prompt.js';
import { filterDocuments } from '../operators/filterDocuments/filterDocuments.js';
import { judgeNegatives } from '../operators/judgeNegatives/judgeNegatives.js';
import { JUDGE_NEGATIVES_PROMPT_VERSION } from '../operators/judgeNegatives/prompt.js';
import { judgeQuestions } from '../operators/judgeQuestions/judgeQuestions.js';
import { JUDGE_QUESTIONS_PROMPT_VERSION } from '../operators/judgeQuestions/prompt.js';
import { reasonDistillOptions, sampleOptions } from '../operators/reasonDistill/options.js';
import { REASON_DISTILL_PROMPT_VERSION } from '../operators/reasonDistill/prompt.js';
import { type ReasonDistillFields, reasonDistill } from '../operators/reasonDistill/reasonDistill.js';
import type { RecordOperator } from '../operators/recordOperator.js';
import { recordOptions } from '../operators/recordOptions.js';
import { versionOf } from '../operators/template.js';
import type { PipelineStage } from '../pipeline/runPipeline.js';
import type { RunSettings } from '../pipeline/state/runState.js';
import type { DataRecord } from '../record.js';
import type { Bm25Index } from '../search/bm25Index.js';
import type { Searcher } from '../search/searcher.js';
import {
  type Declared,
  type OptionsOf,
  omit,
  pick,
  resolveOptions,
  shapingValues,
  valuesOf,
  wholeNumber,
} from '../util/options.js';
import { benchmarksOption, checkOptions, checkRules, judgeModelOptions } from './checkOptions.js';
import { indexIdentity } from './indexIdentity.js';

const { promptTemplate: doc2QueryPromptTemplate, ...questionOptions } = doc2QueryOptions;
const { promptTemplate: reasonDistillPromptTemplate, ...reasoningOptions } = reasonDistillOptions;
const stageOptions = { ...bm25HardNegOptions, ...reasoningOptions, ...questionOptions };

const { filterDocuments: filterRules, judgeQuestions: questionRules, judgeNegatives: negativeRules } = checkRules;
const judgingOptions = pick(questionOptions, 'language', 'maxAttempts', 'textKey', 'questionKey', 'scenarioKey');
const judgeOptions = {
  ...judgingOptions,
  ...recordOptions,
  ...pick(stageOptions, 'seed', 'negativesKey', 'positivesKey'),
};

/** The options of the operators; an option of several of them, such as `model` or a key, is given once. */
const rareChainOptions = {
  ...{
    ...filterRules,
    ...questionRules,
    ...negativeRules,
    ...checkOptions,
    ...judgeModelOptions,
    ...benchmarksOption,
    ...stageOptions,
  },
  ...{ doc2QueryPromptTemplate, reasonDistillPromptTemplate },
  doc2QueryConcurrency: concurrencyOf('doc2query'),
  reasonDistillConcurrency: concurrencyOf('reason-distill'),
  judgeConcurrency: concurrencyOf('judge-questions and judge-negatives'),
};

function concurrencyOf(stage: string) {
  return wholeNumber({ help: `the concurrency of ${stage}`, defaultText: 'concurrency', shapesRecords: false });
}

/** The type parameters are the keys written and whether details and provenance are kept, as literals. */
export interface RareChainOptions<
  QuestionKey extends string = string,
  ScenarioKey extends string = string,
  NegativesKey extends string = string,
  ReasoningKey extends string = string,
  Detailed extends boolean = boolean,
  Kept extends boolean = boolean,
> extends OptionsOf<typeof rareChainOptions> {
  questionKey?: QuestionKey | undefined;
  scenarioKey?: ScenarioKey | undefined;
  negativesKey?: NegativesKey | undefined;
  reasoningKey?: ReasoningKey | undefined;
  details?: Detailed | undefined;
  provenance?: Kept | undefined;
}

export type RareChain<Fields = unknown> = RecordOperator<Fields> & {
  /** The operators with their names, for `runPipeline`. */
  readonly stages: PipelineStage[];
  /** All that shapes the records except the input, for a `checkpoint`: model, prompt versions, index, options. */
  readonly settings: RunSettings;
};

/**
 * The chain of RARE: doc2Query, bm25HardNeg and reasonDistill over one model and one index, and the stages that
 * check data if the options of their names are on: filterDocuments first, judgeQuestions after doc2Query, judgeNegatives after
 * bm25HardNeg.
 *
 * It adds `question`, `scenario`, `hard_negatives` and `reasoning`. Use it as an operator on any source of records, or pass
 * its `stages` to `runPipeline`. `concurrency` applies to each operator.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 */
export function rareChain<
  const QuestionKey extends string = 'question',
  const ScenarioKey extends string = 'scenario',
  const NegativesKey extends string = 'hard_negatives',
  const ReasoningKey extends string = 'reasoning',
  const Detailed extends boolean = false,
  const Kept extends boolean = true,
>(
  options: RareChainOptions<QuestionKey, ScenarioKey, NegativesKey, ReasoningKey, Detailed, Kept>,
): RareChain<
  Doc2QueryFields<QuestionKey, ScenarioKey, Kept> &
    Bm25HardNegFields<NegativesKey, Detailed, Kept> &
    ReasonDistillFields<ReasoningKey, Kept>
> {
  const resolved = resolveOptions('rareChain', rareChainOptions, options);
  const { model, index, concurrency, doc2QueryPromptTemplate, reasonDistillPromptTemplate } = resolved;
  const { doc2QueryConcurrency = concurrency, reasonDistillConcurrency = concurrency } = resolved;
  const { judgeConcurrency = concurrency } = resolved;
  const questions = doc2Query({
    ...{ ...valuesOf(questionOptions, resolved), model },
    ...{ promptTemplate: doc2QueryPromptTemplate, concurrency: doc2QueryConcurrency },
  });
  const { judgeModel = model, confirmModel, numNeg = resolved.profile === 'reasonir' ? 1 : 3 } = resolved;
  const spare = resolved.spare ?? (resolved.judgeNegatives ? SPARE_FOR_JUDGE : 0);
  const negatives = bm25HardNeg({
    ...{ ...valuesOf(bm25HardNegOptions, resolved), index, spare },
    // The judge reports what is missing after it.
    ...(resolved.judgeNegatives && { onShortfall: undefined }),
  });
  const judging = { ...valuesOf(judgeOptions, resolved), model: judgeModel, concurrency: judgeConcurrency };
  const questionJudge = () =>
    judgeQuestions({ ...valuesOf(questionRules, resolved), ...omitted(judging, 'negativesKey', 'positivesKey') });
  const negativesJudge = () =>
    judgeNegatives({
      ...{ ...valuesOf(negativeRules, resolved), ...omitted(judging, 'scenarioKey') },
      ...{ confirmModel, numNeg, onShortfall: resolved.onShortfall },
    });
  const reasoning = reasonDistill({
    ...{ ...valuesOf(reasoningOptions, resolved), model, judgeModel },
    ...{ promptTemplate: reasonDistillPromptTemplate, concurrency: reasonDistillConcurrency },
  });
  const { textKey, rejects } = resolved;
  const filter = () => filterDocuments({ ...valuesOf(filterRules, resolved), textKey, rejects });
  const clean = (check: 'documents' | 'questions') => {
    const { benchmarks, questionKey } = resolved;
    if (benchmarks === undefined) return [];
    const name = check === 'documents' ? 'decontaminate' : 'decontaminate_questions';
    return [{ name, operator: decontaminate({ benchmarks, check, textKey, questionKey, rejects }), isFilter: true }];
  };
  const stages = [
    ...(resolved.filterDocuments
      ? [{ name: 'filter_documents', operator: filter(), recalls: true, isFilter: true }]
      : []),
    ...clean('documents'),
    { name: 'doc2query', operator: questions },
    ...clean('questions'),
    ...(resolved.judgeQuestions ? [{ name: 'judge_questions', operator: questionJudge(), isFilter: true }] : []),
    { name: 'bm25_hard_neg', operator: negatives },
    ...(resolved.judgeNegatives ? [{ name: 'judge_negatives', operator: negativesJudge(), isFilter: true }] : []),
    { name: 'reason_distill', operator: reasoning },
  ] as unknown as PipelineStage[];
  const chain = (source: Source<DataRecord>, context?: OperatorContext) =>
    stages.reduce<unknown>((stream, { operator }) => operator(stream as Source<DataRecord>, context), source);
  const prompts = [
    versionOf(DOC2QUERY_PROMPT_VERSION, doc2QueryPromptTemplate),
    ...(resolved.judgeQuestions ? [JUDGE_QUESTIONS_PROMPT_VERSION] : []),
    ...(resolved.judgeNegatives ? [JUDGE_NEGATIVES_PROMPT_VERSION] : []),
    versionOf(REASON_DISTILL_PROMPT_VERSION, reasonDistillPromptTemplate),
  ];
  const judges = resolved.judgeQuestions || resolved.judgeNegatives || resolved.accept === 'judge';
  const settings = {
    model: model.name,
    prompts,
    index: isBm25Index(index) ? indexIdentity(index) : undefined,
    ...jsonValues(
      shapingValues(
        omit(
          stageOptions,
          'spare',
          'minPositiveRank',
          ...(Object.keys(sampleOptions) as (keyof typeof sampleOptions)[]),
        ),
        resolved,
      ),
    ),
    // Settings of stages that a run does not have would change those of runs that earlier versions began.
    ...(spare > 0 && { spare }),
    ...(resolved.minPositiveRank > 1 && { minPositiveRank: resolved.minPositiveRank }),
    ...(resolved.accept !== undefined && jsonValues(shapingValues(sampleOptions, resolved))),
    ...(judges && { judgeModel: judgeModel.name }),
    ...(resolved.judgeNegatives && confirmModel && { confirmModel: confirmModel.name }),
    ...Object.assign(
      {},
      ...Object.entries(checkRules).map(([name, rules]) =>
        settingsOfCheck(name as keyof typeof checkRules, rules, resolved),
      ),
    ),
  };
  return Object.assign(chain, { stages, settings }) as unknown as ReturnType<
    typeof rareChain<QuestionKey, ScenarioKey, NegativesKey, ReasoningKey, Detailed, Kept>
  >;
}

function isBm25Index(index: Searcher): index is Bm25Index {
  return 'manifest' in index;
}

/** Regular expressions become their source: settings are compared as JSON. */
function jsonValues(values: Record<string, unknown>): Record<string, unknown> {
  const pairs = Object.entries(values).map(([name, value]) => [name, value instanceof RegExp ? String(value) : value]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/** Returns the settings of a stage that is optional; none if the chain does not have it. */
function settingsOfCheck(name: keyof typeof checkRules, rules: Declared, values: object): Record<string, unknown> {
  const all = values as Record<string, unknown>;
  return all[name] === true ? jsonValues(shapingValues({ [name]: checkOptions[name], ...rules }, all)) : {};
}

/** Returns an object without some keys. */
function omitted<T extends object, K extends keyof T>(values: T, ...keys: K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !keys.includes(name as K))) as Omit<T, K>;
}
