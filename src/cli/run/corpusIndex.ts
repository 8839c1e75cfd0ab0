import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { IndexError, InputError } from '../../errors.js';
import type { Rejects } from '../../flow/rejects.js';
import { gate } from '../../flow/takeUntil.js';
import { readRecords } from '../../io/read/readRecords.js';
import { type DataRecord, isRecord, type Reject } from '../../record.js';
import type { Bm25Index } from '../../search/bm25Index.js';
import type { BuildStats } from '../../search/indexing/buildIndex.js';
import { progressDisplay, wordsPicture } from '../progress/progressDisplay.js';
import { formatCompact, formatCount, formatSeconds, say } from '../progress/terminal.js';
import { sampleCorpus } from './corpusAnalyzer.js';
import { abortOnInterrupt } from './interrupt.js';

export interface CorpusFlags {
  textKey: string;
  idKey: string;
  analyzer: string;
  store: boolean;
  groupKey?: string;
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
  /** Threads that analyze texts. */
  threads?: number;
}

/** Indexes the records of files or stdin and shows how far it is. An interrupt ends it and leaves no half index. */
export async function buildCorpusIndex(
  paths: string[],
  target: string,
  flags: CorpusFlags & { limit?: number },
  rejects: Rejects,
): Promise<BuildStats> {
  const { buildIndex } = await import('../../search/indexing/buildIndex.js');
  const { textKey, idKey, analyzer, store, groupKey, onBadLine, maxLineBytes, threads, limit } = flags;
  const display = progressDisplay();
  let shownMs = performance.now();
  using interrupt = abortOnInterrupt();
  const { signal } = interrupt;
  let last: Reject | undefined;
  const watched: Rejects = (reject) => {
    last = reject;
    return rejects(reject);
  };
  const records = readRecords(paths, { onBadLine, maxLineBytes, rejects: watched, signal, places: !store });
  try {
    const corpus = gate<DataRecord>({ limit })(records);
    const sampled = analyzer === 'auto' ? await sampleCorpus(corpus, textKey) : { analyzer, records: corpus };
    if (analyzer === 'auto') {
      say(`rareflow: analyzer ${sampled.analyzer}, by a sample of the corpus (--analyzer names another)`);
    }
    return await buildIndex(sampled.records, target, {
      textKey,
      idKey,
      analyzer: sampled.analyzer,
      store,
      groupKey,
      threads,
      source: fingerprintOf(paths, flags),
      rejects: watched,
      signal,
      onProgress: ({ docs, seconds }) => {
        if (performance.now() - shownMs < display.intervalMs) return;
        shownMs = performance.now();
        display.show(wordsPicture(`indexing: ${formatCount(docs)} documents, ${formatCompact(docs / seconds)}/s`));
      },
    });
  } catch (error) {
    if (!(error instanceof InputError) || last === undefined) throw error;
    const { path: file, line, reason } = last;
    const where = file === undefined ? '' : `${file}:${line}: `;
    throw new InputError(`${error.message}; the last reject: ${where}${reason}`, { cause: error, hint: error.hint });
  } finally {
    display.end();
  }
}

/** Whether there is an index at a path, be it good or damaged; a folder without one may be what a killed build left. */
export function holdsIndex(target: string): boolean {
  return existsSync(path.join(target, 'index.json'));
}

/**
 * Opens the index at `target`; builds it first where there is none, or where its files have changed since. An index that
 * the user named (`isOurs` false) and that was built of other files is used as it is.
 */
export async function buildOrReuseIndex(
  paths: string[],
  target: string,
  { textKey, idKey, analyzer, store, groupKey, onBadLine, maxLineBytes, isOurs }: CorpusFlags & { isOurs: boolean },
): Promise<Bm25Index> {
  const { openIndex } = await import('../../search/bm25Index.js');
  const whole = {
    ...{ textKey, idKey, analyzer, store, onBadLine },
    ...(groupKey === undefined ? {} : { groupKey }),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  };
  if (holdsIndex(target)) {
    const index = await openIndex(target, { threads: 1 }).catch((error: unknown) => {
      if (isOurs && error instanceof IndexError) return undefined;
      throw error;
    });
    const [before, now] = [index?.manifest.source, fingerprintOf(paths, whole)];
    const unchanged = JSON.stringify(before) === JSON.stringify(now);
    if (index !== undefined && (unchanged || (!isOurs && !isSameCorpus(before, now)))) {
      say(`rareflow: using the index ${target} (${formatCount(index.docCount)} documents)`);
      return index;
    }
    await index?.close();
  }
  let skipped = 0;
  const stats = await buildCorpusIndex(paths, target, whole, () => {
    skipped += 1;
  });
  const without = skipped === 0 ? '' : `, without ${formatCount(skipped)} bad records`;
  say(`rareflow: indexed ${formatCount(stats.docs)} documents in ${formatSeconds(stats.seconds)}${without}: ${target}`);
  return openIndex(target, { threads: 1 });
}

/** Whether two fingerprints name the same files, be they changed or not. */
function isSameCorpus(before: unknown, now: Fingerprint): boolean {
  const pathsOf = ({ files }: Fingerprint) => JSON.stringify(files.map((file) => file.path));
  return isRecord(before) && Array.isArray(before.files) && pathsOf(before as unknown as Fingerprint) === pathsOf(now);
}

type Fingerprint = ReturnType<typeof fingerprintOf>;

/** What tells whether an index was built of the files as they are now. */
function fingerprintOf(paths: string[], flags: CorpusFlags & { limit?: number }) {
  const { textKey, idKey, analyzer, store, groupKey, limit } = flags;
  const files = paths.map((file) => {
    if (file === '-') return { path: file };
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
    return { path: path.resolve(file), bytes: size, modifiedMs: mtimeMs };
  });
  const keys = {
    textKey,
    idKey,
    analyzer,
    ...(store ? {} : { store }),
    ...(groupKey === undefined ? {} : { groupKey }),
  };
  return { files, ...keys, ...(limit === undefined ? {} : { limit }) };
}
