import { concurrencyOption, orderedOption, rejectsOption, windowOption } from '../flow/options.js';
import { callback, type OptionsOf, onOff } from '../util/options.js';

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
  keepExisting: onOff({
    help: 'pass on records whose output is there already, as they are; blank texts and empty lists are made again',
    default: false,
    group: 'Records',
  }),
  onKept: callback<(stage: string) => void>()({ help: 'called for each record that keepExisting passes on' }),
  provenance: onOff({
    help: 'write how each record was made under the key _rareflow',
    helpOff: 'do not write how each record was made under the key _rareflow',
    default: true,
    group: 'Records',
  }),
  rejects: rejectsOption,
};

export type RecordOptions = OptionsOf<typeof recordOptions>;
