import path from 'node:path';
import { UsageError } from '../../errors.js';
import { workFolderOf } from '../run/workFolder.js';

export interface BatchFlags {
  /** The size of a batch where it is named. */
  batch?: true | number;
  concurrency: number;
  output?: string;
}

const defaultSize = 10_000;

/**
 * The flags of a run by batches: as many records are worked on at once as a batch holds, and twice as many wait for their
 * order. Throws UsageError where nothing keeps the journal.
 */
export function batchFlags<F extends BatchFlags>(flags: F): F & { window?: number; batchRequests?: number } {
  const { batch, output } = flags;
  if (batch === undefined) return flags;
  if (journalFolder(flags) === undefined) {
    throw new UsageError('--batch needs -o FILE', {
      hint: 'batches may run for a day: beside the output stands what a later run goes on from',
    });
  }
  const size = batch === true ? defaultSize : batch;
  return { ...flags, output, concurrency: size, batchRequests: size, window: 2 * size };
}

/** Where the journal of batches stands; undefined where none are asked for, or there is no output to keep it beside. */
export function journalFolder({ batch, output }: Pick<BatchFlags, 'batch' | 'output'>): string | undefined {
  const folder = batch === undefined ? undefined : workFolderOf(output);
  return folder && path.join(folder, 'batches');
}
