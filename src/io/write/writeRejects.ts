import { accessSync, closeSync, constants, lstatSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Rejects } from '../../flow/rejects.js';
import type { Reject } from '../../record.js';
import { outputError } from '../systemErrors.js';

export interface RejectsFile {
  /** Give it to readers and operators. */
  readonly rejects: Rejects;
  /** How many rejects came so far. */
  readonly count: number;
  close(): void;
}

/**
 * Writes each reject as a line of JSON to `file`, handed to the operating system before the stream goes on: a crash loses
 * none. The file is made at the first reject, so a run without rejects leaves none; one of an earlier run is removed now.
 *
 * @throws OutputError if the file cannot be removed, its directory cannot be written, or (from `rejects`) the disk is full
 */
export function writeRejects(file: string): RejectsFile {
  let descriptor: number | undefined;
  let count = 0;
  orOutputError(file, () => {
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile()) rmSync(file);
    accessSync(path.dirname(file), constants.W_OK);
  });
  return {
    rejects: (reject) =>
      orOutputError(file, () => {
        descriptor ??= openSync(file, 'a');
        writeWhole(descriptor, Buffer.from(`${lineOf(reject)}\n`));
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

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** A record may be rejected because JSON cannot hold it: its reject is written without it. */
function lineOf(reject: Reject): string {
  try {
    return JSON.stringify(reject);
  } catch {
    return JSON.stringify({ ...reject, record: undefined });
  }
}

function orOutputError(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw outputError(error, file);
  }
}
