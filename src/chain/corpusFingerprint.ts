import { statSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '../record.js';
import type { AnalyzerOption } from '../search/analysis/analyzer.js';

interface FingerprintOptions {
  textKey: string;
  idKey: string;
  analyzer: AnalyzerOption;
  store: boolean;
  groupKey?: string | undefined;
  limit?: number | undefined;
}

/** The source of an index: the files, as they were, and the options that shape it. It is kept in the index. */
export type CorpusFingerprint = ReturnType<typeof corpusFingerprint>;

/** Returns the fingerprint of the corpus as its files are now. */
export function corpusFingerprint(paths: string[], options: FingerprintOptions) {
  const { textKey, idKey, analyzer, store, groupKey, limit } = options;
  const files = paths.map((file) => {
    if (file === '-') return { path: file };
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
    return { path: path.resolve(file), bytes: size, modifiedMs: mtimeMs };
  });
  return {
    files,
    ...{ textKey, idKey, analyzer: typeof analyzer === 'string' ? analyzer : analyzer.name },
    ...(store ? {} : { store }),
    ...(groupKey === undefined ? {} : { groupKey }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** Returns true if two fingerprints name the same files, changed or not. */
export function isSameCorpus(before: unknown, now: CorpusFingerprint): boolean {
  const pathsOf = ({ files }: CorpusFingerprint) => JSON.stringify(files.map((file) => file.path));
  return isRecord(before) && Array.isArray(before.files) && pathsOf(before as CorpusFingerprint) === pathsOf(now);
}
