import { accessSync, appendFileSync, closeSync, constants, openSync, statSync } from 'node:fs';
import path from 'node:path';
import { OutputError } from '../../errors.js';
import type { Rejects } from '../../flow/rejects.js';
import type { Reject } from '../../record.js';
import { loadableJson } from '../../util/loadableText.js';
import { outputError } from '../systemErrors.js';

export interface RejectsFile {
  /** Receives the rejects of readers and operators. */
  readonly rejects: Rejects;
  /** The number of rejects so far. */
  readonly count: number;
  close(): void;
}

/**
 * Writes each reject as a line of JSON to `file`. The operating system has it before the stream continues: a crash loses none.
 * The file is created at the first reject, so a run without rejects leaves none.
 *
 * @throws OutputError if the file holds something already, its directory cannot be written, or (from `rejects`) the disk is full
 */
export function writeRejects(file: string): RejectsFile {
  let descriptor: number | undefined;
  let count = 0;
  orOutputError(file, () => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() && found.size > 0) throw rejectsExist(file);
    accessSync(path.dirname(file), constants.W_OK);
  });
  return {
    rejects: (reject) =>
      orOutputError(file, () => {
        descriptor ??= openSync(file, 'a');
        appendFileSync(descriptor, `${rejectJson(reject)}\n`);
        count++;
      }),
    get count() {
      return count;
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Returns a reject as JSON, without its record if JSON cannot hold that, which may be why it was rejected. */
function rejectJson(reject: Reject): string {
  try {
    return loadableJson(JSON.stringify(reject));
  } catch {
    return loadableJson(JSON.stringify({ ...reject, record: undefined }));
  }
}

function rejectsExist(path: string): OutputError {
  return new OutputError('exists already, and rejects are not mixed with what is in it', {
    path,
    hint: 'rename it to keep what is in it, delete it, or write the rejects to another file',
  });
}

function orOutputError(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw outputError(error, file);
  }
}
