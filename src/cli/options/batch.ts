import path from 'node:path';
import { UsageError } from '../../errors.js';
import { value, wholeNumber } from '../../util/options.js';
import { say } from '../progress/terminal.js';
import { runFolderPath } from '../runFolderPath.js';
import { flagName } from './flags.js';

const DEFAULT_BATCH_REQUESTS = 10_000;

/** Requests by the provider's Batch API. */
export const batchFlagOptions = {
  batch: value<number | true>(
    {
      help: "send requests through the provider's Batch API, this many per batch: half the price at many, within a day; needs -o",
      placeholder: '<requests>',
      defaultText: `off; ${DEFAULT_BATCH_REQUESTS} if no number is given`,
      group: 'Batches',
      shapesRecords: false,
    },
    {
      expected: 'a whole number >= 1',
      accepts: (given) => Number.isSafeInteger(given) && (given as number) >= 1,
      parse: (given) => (given.trim() === '' ? Number.NaN : Number(given)),
      valueOptional: true,
    },
  ),
  batchPollSeconds: wholeNumber({
    help: 'seconds between two checks of the batches',
    default: 30,
    group: 'Batches',
    shapesRecords: false,
  }),
};

/** Flags that do not apply to batches. */
const unused = ['doc2queryConcurrency', 'reasonDistillConcurrency', 'judgeConcurrency'] as const;

export interface BatchFlags extends Partial<Record<(typeof unused)[number], number | undefined>> {
  batch?: true | number | undefined;
  concurrency: number;
  output?: string | undefined;
}

/**
 * The flags of a run by batches: it works on as many records at once as a batch holds, and twice as many may wait for their
 * order. Throws UsageError if there is no output to keep the journal beside.
 */
export function batchFlags<F extends BatchFlags>(flags: F): F & { window?: number; batchRequests?: number } {
  const { batch } = flags;
  if (batch === undefined) return flags;
  if (journalFolder(flags) === undefined) {
    throw new UsageError('--batch needs -o FILE', {
      hint: 'a batch may take a day: the file that a later run resumes from is kept beside the output',
    });
  }
  for (const name of unused) {
    if (flags[name] === undefined) continue;
    say(`rareflow: ${flagName(name)} does not apply to batches: a stage works on as many records as a batch holds`);
  }
  const size = batch === true ? DEFAULT_BATCH_REQUESTS : batch;
  const stages = Object.fromEntries(unused.map((name) => [name, undefined]));
  return { ...flags, ...stages, concurrency: size, batchRequests: size, window: 2 * size };
}

/** The folder of the journal of batches; undefined without --batch, or without an output to keep it beside. */
export function journalFolder({ batch, output }: Pick<BatchFlags, 'batch' | 'output'>): string | undefined {
  const folder = batch === undefined ? undefined : runFolderPath(output);
  return folder && path.join(folder, 'batches');
}
