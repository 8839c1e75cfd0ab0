import { limitOption, type orderedOption, type sampleOption } from '../../flow/options.js';
import { readOptions } from '../../io/read/options.js';
import { recordOptions } from '../../operators/recordOptions.js';
import { pick, type Resolved } from '../../util/options.js';
import type { batchFlagOptions } from './batch.js';
import type { outputOptions, stepOptions } from './output.js';

/** The options of reading an input. */
export const inputOptions = { limit: limitOption, ...pick(readOptions, 'inputFormat', 'onBadLine', 'maxLineBytes') };

/** The options of a command on records. */
export const recordFlags = pick(recordOptions, 'concurrency', 'ordered', 'overwrite', 'keepExisting', 'provenance');

type Streamed = typeof inputOptions &
  typeof stepOptions &
  typeof outputOptions &
  Pick<typeof batchFlagOptions, 'batch'> & { ordered: typeof orderedOption; sample: typeof sampleOption };

/** The flags of a command that streams records. Its seed seeds the sample too. */
export type StreamFlags = Partial<Resolved<Streamed>> & { seed?: number | undefined };
