import { concurrencyOption, orderedOption, rejectsOption, windowOption } from '../flow/options.js';
import { type OptionsOf, onOff } from '../util/options.js';

/** Options that every operator on records has. */
export const recordOptions = {
  concurrency: concurrencyOption,
  ordered: orderedOption,
  /** For programs only: the flag `--window` has always meant `candidateWindow`. */
  window: { ...windowOption, kind: 'object' } as typeof windowOption,
  overwrite: onOff({
    help: 'replace values that the output keys already hold; records with such values are rejected otherwise',
    default: false,
    group: 'Records',
  }),
  provenance: onOff({
    help: 'write how each record was made under the key _rareflow',
    helpOff: 'do not write how each record was made under the key _rareflow',
    default: true,
    group: 'Records',
  }),
  rejects: rejectsOption,
};

export type RecordOptions = OptionsOf<typeof recordOptions>;
