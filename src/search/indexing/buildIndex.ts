import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, UsageError } from '../../errors.js';
import { type Rejects, warnOfReject } from '../../flow/rejects.js';
import { type DataRecord, defaultKeys } from '../../record.js';
import { requireWholeNumber } from '../../util/check.js';
import { type AnalyzerOption, analyzerNames, analyzerOfOption } from '../analysis/analyzer.js';
import type { Kept } from '../format/docStore.js';
import { PlaceFinder } from '../format/externalTexts.js';
import { MANIFEST_NAME } from '../format/manifest.js';
import { openSegments } from '../format/openSegments.js';
import { type SegmentMeta, SegmentWriter } from '../format/segmentWriter.js';
import { analyzeDocuments } from './analyzeDocuments.js';
import { admitDocuments } from './documents.js';
import { Generation } from './indexCommit.js';
import { mergeSegments } from './mergeSegments.js';
import { SegmentsBuilder } from './segmentsBuilder.js';

export interface BuildProgress {
  /** Documents indexed so far. */
  docs: number;
  rejected: number;
  seconds: number;
}

export interface BuildOptions {
  /** How texts become terms: `english`, `standard`, `cjk`, `multilingual`, or one of your own. Default `english`. */
  analyzer?: AnalyzerOption | undefined;
  /** The key of the text. Default `text`. */
  textKey?: string | undefined;
  /** The key of the id; a record without one gets its number among the records, from 0. Default `id`. */
  idKey?: string | undefined;
  /** How soon more of the same term counts no more. Default 0.9. */
  k1?: number | undefined;
  /** How much long documents are marked down: 0 not at all, 1 fully. Default 0.4. */
  b?: number | undefined;
  /**
   * Keep the texts in the index. `false` keeps where they stand in the corpus, and reads them there: the records must come from
   * `readJsonl(path, { places: true })`, or `readRecords`, and the file must stay as it is. Default true.
   */
  store?: boolean | undefined;
  /** The key of what documents may have in common, for the `groupKey` of bm25HardNeg: the index keeps its values. Default: none. */
  groupKey?: string | undefined;
  /** About how much memory the postings may take before they are written, in MB. Default 256. */
  memoryMb?: number | undefined;
  /** Replace the index that is there. Default true. */
  overwrite?: boolean | undefined;
  /** What the index is made of, as JSON: kept in the manifest. */
  source?: unknown;
  /** Where records that cannot be indexed go. Default: a process warning each. */
  rejects?: Rejects | undefined;
  /** Threads that analyze: the caller's and workers. Default 1. */
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told about every 1,000 documents, and at the end. */
  onProgress?: ((progress: BuildProgress) => void) | undefined;
}

export interface BuildStats extends BuildProgress {
  /** Distinct terms. */
  terms: number;
  postings: number;
  docsPerSecond: number;
  indexBytes: number;
}

const PROGRESS_EVERY = 1000;

/**
 * Builds the BM25 index of a corpus, one pass over it, into the folder `path`. The index that was there answers until the new
 * one is whole; a build that fails or is killed changes nothing. A record that cannot be indexed goes to the rejects.
 * Throws InputError where no record can be indexed, none of the first 100 has the text key, or none at all the group key;
 * UsageError for options.
 */
export async function buildIndex(
  source: AsyncIterable<DataRecord>,
  path: string,
  options: BuildOptions = {},
): Promise<BuildStats> {
  const { rejects = warnOfReject, onProgress, overwrite = true, signal, k1 = 0.9, b = 0.4 } = options;
  const analyzer = analyzerOfOption(options.analyzer ?? 'english');
  // A function of the user's cannot be sent to another thread.
  const threads = analyzerNames.includes(analyzer.name) ? (options.threads ?? 1) : 1;
  checkParameters(k1, b, threads);
  if (!overwrite && (await exists(join(path, MANIFEST_NAME)))) {
    throw new UsageError(`there is an index at ${path}`, { hint: 'pass { overwrite: true } to replace it' });
  }
  const startedMs = performance.now();
  const progress = { docs: 0, rejected: 0 };
  const report = () => ({ ...progress, seconds: (performance.now() - startedMs) / 1000 });
  const { textKey = defaultKeys.text, idKey = defaultKeys.id, groupKey, store = true } = options;
  const places = store ? undefined : new PlaceFinder();
  const kept: Kept = { storesTexts: store, storesPlaces: !store, storesGroups: groupKey !== undefined };
  const documents = admitDocuments(source, { textKey, idKey, groupKey, places, signal }, async (reject) => {
    progress.rejected++;
    await rejects(reject);
  });

  let generation = await Generation.begin(path);
  try {
    let grouped = false;
    const builder = new SegmentsBuilder(generation.streams, { memoryMb: options.memoryMb, kept });
    for await (const analyzed of analyzeDocuments(documents, analyzer, threads)) {
      for (let place = 0; place < analyzed.documents.length; place++) {
        builder.add(analyzed, place);
        grouped ||= analyzed.documents[place]?.group !== undefined;
        if (++progress.docs % PROGRESS_EVERY === 0) onProgress?.(report());
      }
    }
    if (progress.docs === 0) {
      throw new InputError(`no documents to index (${progress.rejected} rejected)`, {
        hint: `an index needs a record with text under ${JSON.stringify(textKey)}`,
      });
    }
    if (groupKey !== undefined && !grouped) {
      throw new InputError(`no record has the key ${JSON.stringify(groupKey)}`, {
        hint: 'name the key of the groups: groupKey',
      });
    }
    let segments = builder.finish();
    generation.close(segments);
    if (segments.length > 1) ({ generation, segments } = await merged(path, generation, kept));
    const [segment] = segments as [SegmentMeta];
    const indexBytes = await generation.commit({
      analyzer: analyzer.name,
      k1,
      b,
      docCount: segment.docs,
      sumDocLength: segment.sumDocLength,
      ...(options.source === undefined ? {} : { source: options.source }),
      groupKey,
      corpus: places && { textKey, files: places.files },
    });
    onProgress?.(report());
    const { docs, rejected, seconds } = report();
    const { terms, postings } = segment;
    const docsPerSecond = docs / seconds;
    return { docs, rejected, seconds, terms: terms.entries, postings, docsPerSecond, indexBytes };
  } catch (error) {
    await generation.abort();
    throw error;
  }
}

/** Makes one segment of several, in a new data file; the old one goes. */
async function merged(
  path: string,
  parts: Generation,
  kept: Kept,
): Promise<{ generation: Generation; segments: SegmentMeta[] }> {
  const generation = await Generation.begin(path);
  try {
    const data = openSegments(parts.file);
    const whole = new SegmentWriter(generation.streams, kept);
    try {
      mergeSegments(data.segments, new Set(), whole);
    } finally {
      data.close();
    }
    const segments = [whole.finish()];
    generation.close(segments);
    await parts.abort();
    return { generation, segments };
  } catch (error) {
    await generation.abort();
    throw error;
  }
}

function checkParameters(k1: number, b: number, threads: number): void {
  requireWholeNumber('threads', threads);
  if (!(k1 >= 0 && Number.isFinite(k1))) throw new UsageError(`k1 must be a number from 0 on, not ${k1}`);
  if (!(b >= 0 && b <= 1)) throw new UsageError(`b must be a number from 0 to 1, not ${b}`);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
