import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { Reject } from '../../src/record.js';

/** Makes a work folder, removed after the test; returns a function for the paths of files in it. */
export async function workFolder(context: TestContext): Promise<(name: string) => string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-io-'));
  context.after(() => rm(folder, { recursive: true }));
  return (name) => path.join(folder, name);
}

/** Returns the records of a source, its rejects, and the error that ended it. */
export async function outcome(read: (rejects: (reject: Reject) => void) => AsyncIterable<unknown>) {
  const rejected: Reject[] = [];
  const records: unknown[] = [];
  let error: unknown;
  try {
    for await (const record of read((reject) => void rejected.push(reject))) records.push(record);
  } catch (thrown) {
    error = thrown;
  }
  return { records, rejected, error };
}

/** Makes a Readable of exactly these chunks. */
export function chunked(chunks: (string | Uint8Array)[]): Readable {
  return Readable.from(
    chunks.filter((chunk) => chunk.length > 0).map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
}

/** Returns true if this process has the file open. */
export function isOpen(file: string): boolean {
  return readdirSync('/proc/self/fd').some((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === file;
    } catch {
      return false;
    }
  });
}

export const lines = (records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
