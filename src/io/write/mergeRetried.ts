import { open } from 'node:fs/promises';
import type { DataRecord, Reject } from '../../record.js';
import { fileLines } from '../read/fileLines.js';
import { outputError } from '../systemErrors.js';
import { writeWhole } from './atomicFile.js';
import { LineSink } from './lineSink.js';

/** The reject that a line is about: its number in the rejects file, and how many lines of the output come before it. */
export interface Mend {
  index: number;
  place?: number | undefined;
}

/** What became of a reject that was tried again: a record or, once more, a reject. */
export type Mended = Mend & ({ record: DataRecord } | { reject: Reject });

export interface MendFiles {
  output: string;
  rejects: string;
  newOutput: string;
  newRejects: string;
}

/**
 * Writes an output with what was mended in its place (at the end where there is none), and the rejects that are left, to
 * new files, which are on disk when it resolves. Reads the output once; `mended` comes by index.
 */
export async function mendLines(files: MendFiles, mended: AsyncIterable<Mended>): Promise<void> {
  const output = await openLines(files.newOutput);
  const rejects = await openLines(files.newRejects);
  const old = fileLines(files.output);
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
    for await (const { index: _, place, ...what } of mended) {
      if ('record' in what) {
        await copyUpTo(place ?? Number.POSITIVE_INFINITY);
        await output.add(`${JSON.stringify(what.record)}\n`);
        inserted += 1;
      } else {
        const now = place === undefined ? {} : { place: place + inserted };
        await rejects.add(`${JSON.stringify({ ...what.reject, ...now })}\n`);
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

async function openLines(path: string): Promise<LineSink> {
  const handle = await open(path, 'w').catch((error: unknown) => {
    throw outputError(error, path);
  });
  const guarded = (act: () => Promise<void>) =>
    act().catch((error: unknown) => {
      throw outputError(error, path);
    });
  return new LineSink({
    write: (bytes) => guarded(() => writeWhole(handle, bytes)),
    commit: () => guarded(() => handle.sync()),
    abandon: () => handle.close().catch(() => {}),
  });
}
