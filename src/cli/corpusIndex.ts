import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Rejects } from '../flow/rejects.js';
import { readRecords } from '../io/readRecords.js';
import { gate } from '../pipeline/gate.js';
import type { Bm25Index } from '../search/bm25Index.js';
import type { BuildStats } from '../search/buildIndex.js';
import { sampleCorpus } from './corpusAnalyzer.js';
import { abortOnInterrupt } from './interrupt.js';
import { progressDisplay } from './progress.js';
import { formatCompact, formatCount, formatSeconds, say } from './terminal.js';

export interface CorpusFlags {
  textKey: string;
  idKey: string;
  analyzer: string;
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
}

/** Indexes the records of files or stdin and shows how far it is. An interrupt ends it and leaves no half index. */
export async function buildCorpusIndex(
  paths: string[],
  target: string,
  flags: CorpusFlags & { limit?: number },
  rejects: Rejects,
): Promise<BuildStats> {
  const { buildIndex } = await import('../search/buildIndex.js');
  const { textKey, idKey, analyzer, onBadLine, maxLineBytes, limit } = flags;
  const display = progressDisplay();
  let shownMs = performance.now();
  using interrupt = abortOnInterrupt();
  const { signal } = interrupt;
  const records = readRecords(paths, { onBadLine, maxLineBytes, rejects, signal });
  try {
    const corpus = gate(records, { limit });
    const sampled = analyzer === 'auto' ? await sampleCorpus(corpus, textKey) : { analyzer, records: corpus };
    if (analyzer === 'auto') {
      say(`rareflow: analyzer ${sampled.analyzer}, by a sample of the corpus (--analyzer names another)`);
    }
    return await buildIndex(sampled.records, target, {
      textKey,
      idKey,
      analyzer: sampled.analyzer,
      source: fingerprintOf(paths, flags),
      rejects,
      signal,
      onProgress: ({ docs, seconds }) => {
        if (performance.now() - shownMs < display.intervalMs) return;
        shownMs = performance.now();
        display.show([`indexing: ${formatCount(docs)} documents, ${formatCompact(docs / seconds)}/s`]);
      },
    });
  } finally {
    display.end();
  }
}

/** Opens the index at `target` where it was built of these very files; builds it first where it was not, or is not there. */
export async function buildOrReuseIndex(paths: string[], target: string, flags: CorpusFlags): Promise<Bm25Index> {
  const { openIndex } = await import('../search/bm25Index.js');
  if (existsSync(target)) {
    const index = await openIndex(target);
    if (JSON.stringify(index.manifest.source) === JSON.stringify(fingerprintOf(paths, flags))) {
      say(`rareflow: using the index ${target} (${formatCount(index.docCount)} documents)`);
      return index;
    }
    await index.close();
  }
  let skipped = 0;
  const stats = await buildCorpusIndex(paths, target, flags, () => {
    skipped += 1;
  });
  const without = skipped === 0 ? '' : `, without ${formatCount(skipped)} bad records`;
  say(`rareflow: indexed ${formatCount(stats.docs)} documents in ${formatSeconds(stats.seconds)}${without}: ${target}`);
  return openIndex(target);
}

/** What tells whether an index was built of the files as they are now. */
function fingerprintOf(paths: string[], { textKey, idKey, analyzer, limit }: CorpusFlags & { limit?: number }) {
  const files = paths.map((file) => {
    if (file === '-') return { path: file };
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
    return { path: path.resolve(file), bytes: size, modifiedMs: mtimeMs };
  });
  return { files, textKey, idKey, analyzer, ...(limit === undefined ? {} : { limit }) };
}
