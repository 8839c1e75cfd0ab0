import { operator } from '../../flow/operator.js';
import { type DataRecord, isText } from '../../record.js';
import { valueAt } from '../../util/keyPath.js';
import { type OptionsOf, resolveOptions } from '../../util/options.js';
import { admit, keyProblem } from '../admission.js';
import { textInput } from '../inputKeys.js';
import type { RecordOperator } from '../recordOperator.js';
import { decontaminateOptions } from './options.js';

export interface DecontaminateOptions extends OptionsOf<typeof decontaminateOptions> {}

/**
 * Decontaminate: rejects records whose document or question shares an n-gram with a benchmark, naming both: 13 words, or 50
 * characters of scripts without spaces. It asks no model. Records pass as they are, in their order. With `check: 'all'` a
 * record without a question is checked by its document.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 * @throws InputError, while it runs, if none of the first 100 records has the texts to check
 */
export function decontaminate(options: DecontaminateOptions): RecordOperator<unknown> {
  const settings = resolveOptions('decontaminate', decontaminateOptions, options);
  const { benchmarks, check, textKey, questionKey } = settings;
  const stage = check === 'questions' ? 'decontaminate_questions' : 'decontaminate';
  const required = check === 'questions' ? textInput(questionKey, 'questionKey') : textInput(textKey, 'textKey');
  const refusal = (record: unknown) => keyProblem(record, [required], []);
  const keys = check === 'all' ? [textKey, questionKey] : [required.key];
  const clean = operator<DataRecord, DataRecord>(async function* (source, context) {
    const rejects = settings.rejects ?? context.rejects;
    for await (const record of admit(source, { stage, refusal }, rejects)) {
      const reason = sharedText(record);
      if (reason === undefined) yield record;
      else await rejects({ stage, reason, record });
    }
  }, stage);
  return clean as unknown as RecordOperator<unknown>;

  function sharedText(record: DataRecord): string | undefined {
    for (const key of keys) {
      const text = valueAt(record, key);
      const shared = isText(text) ? benchmarks.find(text) : undefined;
      if (shared !== undefined) return `its ${key} shares "${shared.words}" with ${shared.name}`;
    }
    return undefined;
  }
}
