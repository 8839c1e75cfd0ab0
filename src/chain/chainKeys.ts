import { checkOutputKeys } from '../operators/recordOperator.js';
import { defaultKeys } from '../record.js';

/** The keys of a whole chain, as its operators name them. */
export interface ChainKeys {
  textKey?: string | undefined;
  questionKey?: string | undefined;
  scenarioKey?: string | undefined;
  negativesKey?: string | undefined;
  reasoningKey?: string | undefined;
  overwrite?: boolean | undefined;
}

/** Throws UsageError for keys that no stage of the chain can write: before an index is built for them. */
export function checkChainKeys(keys: ChainKeys): void {
  const { textKey = defaultKeys.text, questionKey = defaultKeys.question, scenarioKey = defaultKeys.scenario } = keys;
  const { negativesKey = defaultKeys.hardNegatives, reasoningKey = defaultKeys.reasoning, overwrite } = keys;
  const outputs = [questionKey, scenarioKey, negativesKey, reasoningKey].filter((key) => key !== '');
  checkOutputKeys(outputs, overwrite ? [] : [textKey]);
}
