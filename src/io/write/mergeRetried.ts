import { existsSync } from 'node:fs';
import type { DataRecord, Reject } from '../../record.js';
import { fileLines } from '../read/fileLines.js';
import { openFileOutput } from './fileOutput.js';
import { LineSink } from './lineSink.js';
import { jsonOf } from './writeJsonl.js';

/** A reject that was retried: its index in the rejects file, and how many lines of the output come before it. */
export interface RetriedReject {
  index: number;
  place?: number | undefined;
}

/** The result of a retried reject: a record or, once more, a reject. */
export type RetryResult = RetriedReject & ({ record: DataRecord } | { reject: Reject });

export interface MergeFiles {
  output: string;
  rejects: string;
  newOutput: string;
  newRejects: string;
}

/**
 * Writes the output with the retried records at their places (at the end if they have none), and the rejects that are left,
 * to new files, which are on disk when it resolves. Reads the output once, if there is one; `results` are in the order of `index`.
 */
export async function mergeRetried(files: MergeFiles, results: AsyncIterable<RetryResult>): Promise<void> {
  const output = new LineSink(await openFileOutput(files.newOutput, { partial: false }));
  const rejects = new LineSink(await openFileOutput(files.newRejects, { partial: false }));
  const old = existsSync(files.output) ? fileLines(files.output) : noLines();
  let copied = 0;
  let inserted = 0;
  const copyUpTo = async (place: number) => {
    for (; copied < place; copied++) {
      const { value, done } = await old.next();
      if (done) return;
      await output.add(`${value}\n`);
    }
  };
  try {
    for await (const { index: _, place, ...what } of results) {
      if ('record' in what) {
        await copyUpTo(place ?? Number.POSITIVE_INFINITY);
        await output.add(`${jsonOf(what.record)}\n`);
        inserted += 1;
      } else {
        const now = place === undefined ? {} : { place: place + inserted };
        await rejects.add(`${jsonOf({ ...what.reject, ...now })}\n`);
      }
    }
    await copyUpTo(Number.POSITIVE_INFINITY);
    await output.commit();
    await rejects.commit();
  } finally {
    await old.return(undefined);
    await output.abandon();
    await rejects.abandon();
  }
}

async function* noLines(): AsyncGenerator<Buffer> {}
