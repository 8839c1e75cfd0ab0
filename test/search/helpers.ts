import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { DataRecord, Reject } from '../../src/record.js';
import { type BuildOptions, type BuildStats, buildIndex } from '../../src/search/indexing/buildIndex.js';

const root = path.resolve(import.meta.dirname, '../..');
const shared = path.resolve(root, '../shared');

/** The option that skips a test where the corpora and Lucene's answers are not on the machine. */
export const needsShared = existsSync(shared) ? {} : { skip: `needs the golden files in ${shared}` };

export const sharedFile = (...parts: string[]): string => path.join(shared, ...parts);
export const fixture = (name: string): string => path.join(root, 'test/fixtures', name);
/** A corpus of bad input: ours, or the one it was copied from. */
export const nasty = (name: string): string => fixture(path.join('nasty', name));

/** A new folder, removed after the test. */
export async function workFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rareflow-search-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function* readLines(file: string): AsyncGenerator<DataRecord> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.trim() !== '') yield JSON.parse(line) as DataRecord;
  }
}

export async function* from(records: Iterable<unknown>): AsyncGenerator<DataRecord> {
  for (const record of records) yield record as DataRecord;
}

/** Builds in a folder of the test's own; resolves to the path, the figures and the rejects. */
export async function built(
  t: TestContext,
  records: AsyncIterable<DataRecord> | Iterable<unknown>,
  options: BuildOptions = {},
): Promise<{ target: string; stats: BuildStats; rejects: Reject[] }> {
  const target = path.join(await workFolder(t), 'corpus.bm25');
  const rejects: Reject[] = [];
  const source = Symbol.asyncIterator in records ? records : from(records);
  const stats = await buildIndex(source, target, {
    rejects: (reject) => {
      rejects.push(reject);
    },
    ...options,
  });
  return { target, stats, rejects };
}
