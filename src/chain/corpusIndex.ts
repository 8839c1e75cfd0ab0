import { existsSync } from 'node:fs';
import path from 'node:path';
import { IndexError, InputError } from '../errors.js';
import { type Rejects, warnOfReject } from '../flow/rejects.js';
import { takeUntil } from '../flow/takeUntil.js';
import { inputFiles } from '../io/read/inputFiles.js';
import type { ReadOptions } from '../io/read/options.js';
import { readRecords } from '../io/read/readRecords.js';
import { type DataRecord, defaultKeys, type Reject } from '../record.js';
import type { Bm25Index } from '../search/bm25Index.js';
import type { BuildOptions, BuildStats } from '../search/indexing/buildIndex.js';
import { documentKey } from '../util/keyPath.js';
import { corpusFingerprint, isSameCorpus } from './corpusFingerprint.js';
import { checkIndexSpace } from './diskSpace.js';

/** `rejects`, `signal`, `onProgress`, `onAnalyzer` and the options of the index are those of `buildIndex`, the others those of `readRecords`. */
export interface CorpusBuildOptions
  extends Pick<
      BuildOptions,
      'textKey' | 'titleKey' | 'idKey' | 'analyzer' | 'store' | 'groupKey' | 'threads' | 'onProgress' | 'onAnalyzer'
    >,
    Pick<ReadOptions, 'inputFormat' | 'onBadLine' | 'maxLineBytes' | 'rejects' | 'onNotice' | 'signal'> {
  /** Index at most this many records. Default: all. */
  limit?: number | undefined;
}

export interface CorpusIndexOptions extends Omit<CorpusBuildOptions, 'threads' | 'limit'> {
  /**
   * Build the index again if the one at the path is damaged or was built from other files. Default false: a damaged index is
   * an error, and one of other files is used as it is.
   */
  replaceOther?: boolean | undefined;
  /** Called if the index had to be built. */
  onBuilt?: ((stats: BuildStats) => void) | undefined;
}

/**
 * Builds the index of the records in files at `target`. Bad lines and records that cannot be indexed go to `rejects` (default:
 * a process warning for each). If the build fails or is aborted, an index that was there stays as it was.
 *
 * @throws InputError if nothing can be indexed, with the last reject; UsageError for options; `signal`'s reason
 */
export async function buildCorpusIndex(
  inputs: string | readonly string[],
  target: string,
  options: CorpusBuildOptions = {},
): Promise<BuildStats> {
  const { inputFormat, onBadLine, maxLineBytes, onNotice, limit, signal, ...rest } = options;
  const { rejects = warnOfReject, ...index } = rest;
  const { idKey = defaultKeys.id, analyzer = 'auto', store = true, groupKey } = index;
  const textKey = documentKey({ ...index, textKey: index.textKey ?? defaultKeys.text });
  const { buildIndex } = await import('../search/indexing/buildIndex.js');
  const paths = await inputFiles([inputs].flat(), { documentsOnly: true, onNotice });
  checkIndexSpace(paths, target, store);
  let last: Reject | undefined;
  const watched: Rejects = (reject) => {
    last = reject;
    return rejects(reject);
  };
  const records = readRecords(paths, {
    ...{ inputFormat, onBadLine, maxLineBytes, onNotice, expectedKeys: [textKey, idKey] },
    ...{ rejects: watched, signal, places: !store },
  });
  try {
    const corpus = takeUntil<DataRecord>({ limit })(records);
    return await buildIndex(corpus, target, {
      ...index,
      source: corpusFingerprint(paths, { textKey, idKey, analyzer, store, groupKey, limit }),
      rejects: watched,
      signal,
    });
  } catch (error) {
    if (!(error instanceof InputError) || last === undefined) throw error;
    const { path: file, line, reason } = last;
    const where = file === undefined ? '' : `${file}:${line}: `;
    throw new InputError(`${error.message}; the last reject: ${where}${reason}`, { cause: error, hint: error.hint });
  }
}

/** Returns true if there is an index at a path, intact or damaged; a folder without one may be left of a killed build. */
export function holdsIndex(target: string): boolean {
  return existsSync(path.join(target, 'index.json'));
}

/**
 * Opens the index of the records in files at `target`. It is built first if there is none, or if it was built from these files
 * and they, or the options that shape it, have changed since.
 *
 * @throws IndexError if the index is damaged (unless `replaceOther`); InputError and UsageError as `buildCorpusIndex`
 */
export async function corpusIndex(
  inputs: string | readonly string[],
  target: string,
  { replaceOther = false, onBuilt, ...options }: CorpusIndexOptions = {},
): Promise<Bm25Index> {
  const { openIndex } = await import('../search/bm25Index.js');
  const paths = await inputFiles([inputs].flat(), { documentsOnly: true });
  // The name of a custom analyzer is in the index, its function is not.
  const openOptions = { threads: 1, analyzer: typeof options.analyzer === 'string' ? undefined : options.analyzer };
  if (holdsIndex(target)) {
    const index = await openIndex(target, openOptions).catch((error: unknown) => {
      if (replaceOther && error instanceof IndexError) return undefined;
      throw error;
    });
    const { idKey = defaultKeys.id, analyzer = 'auto', store = true, groupKey } = options;
    const textKey = documentKey({ ...options, textKey: options.textKey ?? defaultKeys.text });
    const before = index?.manifest.source;
    const now = corpusFingerprint(paths, { textKey, idKey, analyzer, store, groupKey });
    const isUnchanged = JSON.stringify(before) === JSON.stringify(now);
    if (index !== undefined && (isUnchanged || (!replaceOther && !isSameCorpus(before, now)))) return index;
    await index?.close();
  }
  const stats = await buildCorpusIndex(paths, target, options);
  onBuilt?.(stats);
  return openIndex(target, openOptions);
}
