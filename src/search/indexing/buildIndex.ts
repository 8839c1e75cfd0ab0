import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, UsageError } from '../../errors.js';
import { warnOfReject } from '../../flow/rejects.js';
import { iterate, requireSource, type Source } from '../../flow/source.js';
import { documentKey } from '../../util/keyPath.js';
import { resolveOptions } from '../../util/options.js';
import { isAnalyzerName } from '../analysis/analyzerNames.js';
import { analyzerOfOption } from '../analysis/registry.js';
import type { StoredFields } from '../format/docStore.js';
import { TextLocator } from '../format/externalTexts.js';
import { MANIFEST_NAME } from '../format/manifest.js';
import { openSegments } from '../format/openSegments.js';
import { type RepeatedIds, type SegmentMeta, SegmentWriter } from '../format/segmentWriter.js';
import { analyzeDocuments } from './analyzeDocuments.js';
import { admitDocuments } from './documents.js';
import { IndexCommit } from './indexCommit.js';
import { mergeSegments } from './mergeSegments.js';
import { type BuildOptions, type BuildProgress, indexOptions } from './options.js';
import { type SampledDocuments, sampleDocuments } from './sampleDocuments.js';
import { SegmentsBuilder } from './segmentsBuilder.js';

export type { BuildOptions, BuildProgress } from './options.js';

export interface BuildStats extends BuildProgress {
  /** The name of the analyzer, which `auto` chose if nothing else was asked for. */
  analyzer: string;
  /** Distinct terms. */
  terms: number;
  postings: number;
  docsPerSecond: number;
  indexBytes: number;
  /** Documents with the id of an earlier one, and the first two of them. */
  repeatedIds: RepeatedIds;
}

const PROGRESS_EVERY = 1000;

/**
 * Builds the BM25 index of a corpus in one pass and writes it to the folder `path`. An existing index answers searches until the new
 * one is complete; a build that fails or is killed changes nothing. A record that cannot be indexed goes to `rejects`.
 *
 * `source`: records, such as `readJsonl(file)` or a list of objects. Defaults: `analyzer` `auto`, which chooses `english` or
 * `multilingual` by the first 200 documents; k1 0.9, b 0.4.
 *
 * @throws UsageError for options; InputError if no record can be indexed, none of the first 100 has the text key, or none has the group key
 */
export async function buildIndex(
  source: Source<object>,
  path: string,
  options: BuildOptions = {},
): Promise<BuildStats> {
  const {
    textKey: ownKey,
    titleKey,
    idKey,
    groupKey,
    store,
    k1,
    b,
    memoryMb,
    overwrite,
    signal,
    onProgress,
    onAnalyzer,
    ...given
  } = resolveOptions('buildIndex', indexOptions, options);
  const textKey = documentKey({ textKey: ownKey, titleKey });
  const rejects = given.rejects ?? warnOfReject;
  const chosen = given.analyzer === 'auto' ? undefined : analyzerOfOption(given.analyzer);
  requireSource('the source of buildIndex', source);
  const records = { [Symbol.asyncIterator]: () => iterate<unknown>(source, signal) };
  if (!overwrite && (await exists(join(path, MANIFEST_NAME)))) {
    throw new UsageError(`there is already an index at ${path}`, { hint: 'pass { overwrite: true } to replace it' });
  }
  const startedMs = performance.now();
  const progress = { docs: 0, rejected: 0 };
  const report = () => ({ ...progress, seconds: (performance.now() - startedMs) / 1000 });
  const locator = store ? undefined : new TextLocator();
  const stored: StoredFields = { storesTexts: store, storesPlaces: !store, storesGroups: groupKey !== undefined };
  const admitted = admitDocuments(records, { textKey, idKey, groupKey, locator, signal }, async (reject) => {
    progress.rejected++;
    await rejects(reject);
  });

  let commit = await IndexCommit.begin(path);
  try {
    const sampled = chosen === undefined ? await sampleDocuments(admitted) : undefined;
    const analyzer = chosen ?? analyzerOfOption((sampled as SampledDocuments).analyzer);
    if (sampled !== undefined) onAnalyzer?.(analyzer.name);
    const documents = sampled?.documents ?? admitted;
    // A custom function cannot be sent to another thread.
    const threads = isAnalyzerName(analyzer.name) ? given.threads : 1;
    let grouped = false;
    const builder = new SegmentsBuilder(commit.streams, { memoryMb, stored });
    for await (const analyzed of analyzeDocuments(documents, analyzer, threads)) {
      for (let at = 0; at < analyzed.documents.length; at++) {
        builder.add(analyzed, at);
        grouped ||= analyzed.documents[at]?.group !== undefined;
        if (++progress.docs % PROGRESS_EVERY === 0) onProgress?.(report());
      }
    }
    if (progress.docs === 0) {
      throw new InputError(`no documents to index (${progress.rejected} rejected)`, {
        hint: `at least one record must have a text under ${JSON.stringify(textKey)}`,
      });
    }
    if (groupKey !== undefined && !grouped) {
      throw new InputError(`no record has the key ${JSON.stringify(groupKey)}`, {
        hint: 'set groupKey to the key of the groups',
      });
    }
    let segments = builder.finish();
    commit.close(segments);
    let { repeatedIds } = builder;
    if (segments.length > 1) ({ commit, segments, repeatedIds } = await merged(path, commit, stored));
    const [segment] = segments as [SegmentMeta];
    const indexBytes = await commit.commit({
      analyzer: analyzer.name,
      k1,
      b,
      docCount: segment.docs,
      sumDocLength: segment.sumDocLength,
      ...(given.source === undefined ? {} : { source: given.source }),
      groupKey,
      corpus: locator && { textKey, files: locator.files },
    });
    onProgress?.(report());
    const { docs, rejected, seconds } = report();
    const { terms, postings } = segment;
    const docsPerSecond = docs / seconds;
    return {
      docs,
      rejected,
      seconds,
      analyzer: analyzer.name,
      terms: terms.entries,
      postings,
      docsPerSecond,
      indexBytes,
      repeatedIds,
    };
  } catch (error) {
    await commit.abort();
    throw error;
  }
}

/** Merges several segments into one, in a new data file, and removes the old one. */
async function merged(
  path: string,
  parts: IndexCommit,
  stored: StoredFields,
): Promise<{ commit: IndexCommit; segments: SegmentMeta[]; repeatedIds: RepeatedIds }> {
  const commit = await IndexCommit.begin(path);
  try {
    const data = openSegments(parts.file);
    const whole = new SegmentWriter(commit.streams, stored);
    try {
      mergeSegments(data.segments, new Set(), whole);
    } finally {
      data.close();
    }
    const segments = [whole.finish()];
    commit.close(segments);
    await parts.abort();
    return { commit, segments, repeatedIds: whole.repeatedIds };
  } catch (error) {
    await commit.abort();
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
