import { defaultKeys } from '../record.js';
import { accepts, plannedDoc2Query, plannedReasonDistill } from './plannedStages.js';
import type { PlanOptions } from './planRun.js';
import type { RareChainOptions } from './rareChain.js';

type RarePlanOptions = Pick<
  RareChainOptions,
  | (
      | 'titleKey'
      | 'textKey'
      | 'questionKey'
      | 'scenarioKey'
      | 'negativesKey'
      | 'reasoningKey'
      | 'overwrite'
      | 'language'
    )
  | ('queriesPerDoc' | 'numNeg' | 'doc2QueryPromptTemplate' | 'reasonDistillPromptTemplate')
>;

/** Plans `rareChain` with the same options, for `planRun`: `planRun('corpus.jsonl', { ...rarePlan({ numNeg: 5 }), model, prices })`. */
export function rarePlan(
  options: RarePlanOptions = {},
): Pick<PlanOptions, 'stages' | 'isUsable' | 'isDocument' | 'numNeg'> {
  const {
    textKey = defaultKeys.text,
    titleKey,
    questionKey = defaultKeys.question,
    scenarioKey = defaultKeys.scenario,
  } = options;
  const { negativesKey = defaultKeys.hardNegatives, reasoningKey = defaultKeys.reasoning } = options;
  const { language, overwrite, queriesPerDoc = 1, numNeg = 3 } = options;
  const outputs = [questionKey, scenarioKey, negativesKey, reasoningKey].filter((key) => key !== '');
  return {
    stages: [
      plannedDoc2Query({ textKey, titleKey, language, queriesPerDoc, promptTemplate: options.doc2QueryPromptTemplate }),
      plannedReasonDistill({
        ...{ textKey, titleKey, questionKey, scenarioKey, negativesKey, language, numNeg },
        ...{ perRecord: queriesPerDoc, promptTemplate: options.reasonDistillPromptTemplate },
      }),
    ],
    isUsable: accepts([textKey], outputs, overwrite),
    isDocument: accepts([textKey], []),
    numNeg,
  };
}
