import { SPARE_FOR_JUDGE } from '../operators/bm25HardNeg/options.js';
import { DocumentFilter } from '../operators/filterDocuments/documentFilter.js';
import type { FilterDocumentsOptions } from '../operators/filterDocuments/filterDocuments.js';
import { filterDocumentsOptions } from '../operators/filterDocuments/options.js';
import { type DataRecord, defaultKeys, isText } from '../record.js';
import { documentKey, valueAt } from '../util/keyPath.js';
import { valuesOf } from '../util/options.js';
import {
  accepts,
  plannedAcceptance,
  plannedConfirmNegatives,
  plannedDoc2Query,
  plannedJudgeNegatives,
  plannedJudgeQuestions,
  plannedReasonDistill,
} from './plannedStages.js';
import type { PlanOptions } from './planRun.js';
import type { RareChainOptions } from './rareChain.js';

type RarePlanOptions = Pick<
  RareChainOptions,
  | ('titleKey' | 'textKey' | 'questionKey' | 'scenarioKey' | 'negativesKey' | 'reasoningKey')
  | ('overwrite' | 'keepExisting' | 'language' | 'filterDocuments')
  | ('judgeQuestions' | 'judgeNegatives' | 'spare' | 'samples' | 'accept')
  | keyof FilterDocumentsOptions
  | ('queriesPerDoc' | 'numNeg' | 'doc2QueryPromptTemplate' | 'reasonDistillPromptTemplate')
> & {
  /** The names of the models that judge, for their prices. Default: the model of the run. */
  judgeModel?: string | undefined;
  confirmModel?: string | undefined;
};

/** Plans `rareChain` with the same options, for `planRun`: `planRun('corpus.jsonl', { ...rarePlan({ numNeg: 5 }), model, prices })`. */
export function rarePlan(
  options: RarePlanOptions = {},
): Pick<PlanOptions, 'stages' | 'isUsable' | 'isDocument' | 'numNeg' | 'existing' | 'queriesPerDoc'> {
  const {
    textKey = defaultKeys.text,
    titleKey,
    questionKey = defaultKeys.question,
    scenarioKey = defaultKeys.scenario,
  } = options;
  const { negativesKey = defaultKeys.hardNegatives, reasoningKey = defaultKeys.reasoning } = options;
  const { language, overwrite, queriesPerDoc = 1, numNeg = 3 } = options;
  const outputs = [questionKey, scenarioKey, negativesKey, reasoningKey].filter((key) => key !== '');
  const { judgeModel: judge, confirmModel: confirm, spare = SPARE_FOR_JUDGE, samples = 1 } = options;
  const judging = { textKey, questionKey, scenarioKey, negativesKey, language, perRecord: queriesPerDoc };
  const mined = numNeg + spare;
  const isWhole = accepts([documentKey({ textKey, titleKey })], outputs, overwrite || options.keepExisting);
  return {
    stages: [
      plannedDoc2Query({ textKey, titleKey, language, queriesPerDoc, promptTemplate: options.doc2QueryPromptTemplate }),
      ...(options.judgeQuestions ? [plannedJudgeQuestions({ ...judging, isEarly: true, model: judge })] : []),
      ...(options.judgeNegatives ? [plannedJudgeNegatives({ ...judging, mined, model: judge })] : []),
      ...(options.judgeNegatives && confirm !== undefined
        ? [plannedConfirmNegatives({ ...judging, mined, model: confirm })]
        : []),
      plannedReasonDistill({
        ...{ textKey, titleKey, questionKey, scenarioKey, negativesKey, language, numNeg },
        ...{ perRecord: queriesPerDoc, samples, promptTemplate: options.reasonDistillPromptTemplate },
      }),
      ...(options.accept === 'judge' ? [plannedAcceptance({ ...judging, numNeg, samples, model: judge })] : []),
    ],
    isUsable: options.filterDocuments ? bothOf(filterOf(options), isWhole) : isWhole,
    isDocument: accepts([documentKey({ textKey, titleKey })], []),
    numNeg,
    ...(options.keepExisting
      ? {
          existing: {
            doc2query: [questionKey, scenarioKey],
            reason_distill: [reasoningKey],
            accept_reasoning: [reasoningKey],
          },
          queriesPerDoc,
        }
      : {}),
  };
}

/** Returns a test for documents that pass the filter, to be asked once for each, in the order of the input. */
function filterOf(options: RarePlanOptions): (record: DataRecord) => boolean {
  const { textKey = defaultKeys.text, titleKey } = options;
  const key = documentKey({ textKey, titleKey });
  const filter = new DocumentFilter(valuesOf(filterDocumentsOptions, options));
  let number = 0;
  return (record) => isText(valueAt(record, key)) && filter.refuse(record, ++number) === undefined;
}

function bothOf(first: (record: DataRecord) => boolean, second: (record: DataRecord) => boolean) {
  return (record: DataRecord) => first(record) && second(record);
}
