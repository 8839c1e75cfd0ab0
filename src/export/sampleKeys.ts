import { keyOptions } from '../operators/keyOptions.js';
import { key, type Resolved } from '../util/options.js';

const { positivesKey: _, ...partKeys } = keyOptions;

/** The keys of the parts of a record that are exported. */
export const sampleKeyOptions = {
  ...partKeys,
  answerKey: key('answer', { help: 'for rare-sft: the key of the gold answer', group: 'Keys' }),
  rejectedKey: key('rejected', {
    help: 'for dpo: the key of a worse answer to the same prompt, or of a list of them; without it, what --accept refused',
    group: 'Keys',
  }),
  labelKey: key('label', {
    help: 'for kto and trl-kto: the key that says whether the reasoning is good',
    group: 'Keys',
  }),
};

export type SampleKeys = Resolved<typeof sampleKeyOptions>;
