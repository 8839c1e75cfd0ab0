import { indexOptions } from '../../search/indexing/options.js';
import { pick } from '../../util/options.js';

/** The options of `buildIndex` that a command takes as flags. */
export const indexFlags = pick(
  indexOptions,
  'textKey',
  'titleKey',
  'idKey',
  'analyzer',
  'store',
  'groupKey',
  'threads',
);
