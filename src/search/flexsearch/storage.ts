import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Index } from 'flexsearch';
import { IndexError, UsageError } from '../../errors.js';
import type { Analyzer } from '../analysis/analyzer.js';
import { analyzerOption } from '../analysis/registry.js';
import { type Bm25Index, openIndex } from '../bm25Index.js';
import { keyBytes } from '../format/bytes.js';
import { MANIFEST_NAME, type Manifest, readManifest } from '../format/manifest.js';
import { type IndexSegments, openIndexSegments } from '../format/openSegments.js';
import { storedByAny } from '../format/segmentReader.js';
import { type SegmentMeta, SegmentWriter } from '../format/segmentWriter.js';
import { IndexCommit, removeEmptyFolder, removeIndex } from '../indexing/indexCommit.js';
import { mergeSegments } from '../indexing/mergeSegments.js';
import { analyzerOf } from './options.js';
import {
  appendTerms,
  type FlexId,
  type FlexIndex,
  joinAppended,
  type PendingWrites,
  restorePendingWrites,
  takePendingWrites,
  writeSegment,
} from './pendingWrites.js';

export { bm25Options } from './options.js';

export interface Bm25StorageOptions {
  /** The type of the ids that searches return; the index holds strings. Default `string`. */
  type?: 'string' | 'number' | undefined;
  /** BM25's k1, for a new index. Default 0.9. */
  k1?: number | undefined;
  /** BM25's b, for a new index. Default 0.4. */
  b?: number | undefined;
}

/** A hit with its stored text, if there is one. */
export interface EnrichedHit {
  id: FlexId;
  doc: { text: string } | null;
}

type FlexResult = FlexId[] | FlexId[][] | EnrichedHit[];

/** The most segments that commits leave when they only add; then all are merged into one. */
const MAX_SEGMENTS = 8;

/**
 * A persistent storage for FlexSearch's Index that answers in exact BM25 order: any document with any term of the query, best
 * first. Make the Index with `bm25Options` and `commit: false`, then `await index.mount(new Bm25Storage(path))`. It reads and writes
 * the folders that `buildIndex` and `openIndex` do; a commit is atomic, and an add under an id replaces all documents of that id.
 */
export class Bm25Storage {
  /** The open index; undefined before the first commit of a new one. */
  db: Bm25Index | undefined;
  readonly id: string;
  readonly #options: Bm25StorageOptions;
  #analyzer: Analyzer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, options: Bm25StorageOptions = {}) {
    this.id = path;
    this.#options = options;
  }

  /** Called by `index.mount(storage)`. Throws UsageError for an Index without `bm25Options`, IndexError for another analyzer. */
  async mount(index: Index): Promise<void> {
    const flex = index as unknown as FlexIndex;
    this.#analyzer = analyzerOf(flex.encoder?.encode);
    if (this.#analyzer === undefined || flex.tokenize !== 'strict' || flex.depth !== 0) {
      throw new UsageError('a Bm25Storage mounts on an Index whose options are those of bm25Options', {
        hint: 'new Index({ ...bm25Options(), commit: false })',
      });
    }
    await this.open();
    flex.db = this;
    const analyzer = this.#analyzer;
    const append = flex.append.bind(flex);
    flex.append = (id, content) => {
      appendTerms(flex, id, analyzer.tokens(content));
      return append(id, ''); // FlexSearch's part: the task, and the commit if it commits by itself
    };
  }

  /** Opens the index as it is now, if there is one. */
  async open(): Promise<void> {
    const opened = existsSync(join(this.id, MANIFEST_NAME)) ? await this.#opened() : undefined;
    await this.close();
    this.db = opened;
  }

  async #opened(): Promise<Bm25Index> {
    const { analyzer } = await readManifest(this.id);
    if (this.#analyzer && analyzer !== this.#analyzer.name) {
      throw new IndexError(`${this.id} was built with the analyzer ${analyzer}`, {
        hint: `bm25Options({ analyzer: '${analyzerOption(analyzer)}' })`,
      });
    }
    return openIndex(this.id, { analyzer: this.#analyzer });
  }

  async close(): Promise<void> {
    const { db } = this;
    this.db = undefined;
    await db?.close();
  }

  /** Removes every document, and with them the index. */
  async clear(): Promise<void> {
    await this.#inTurn(async () => {
      await this.close();
      await removeIndex(this.id);
    });
  }

  async destroy(): Promise<void> {
    await this.clear();
    await removeEmptyFolder(this.id);
  }

  /** Writes all that was added and removed since the last commit, or nothing. */
  async commit(index: Index): Promise<void> {
    const flex = index as unknown as FlexIndex;
    const batch = takePendingWrites(flex);
    try {
      await this.#inTurn(() => this.#write(batch));
    } catch (error) {
      restorePendingWrites(flex, batch);
      throw error;
    }
  }

  async remove(ids: FlexId | FlexId[]): Promise<void> {
    const tasks = [ids].flat().map((del) => ({ del }));
    await this.#inTurn(() => this.#write({ map: new Map(), added: new Set(), tasks }));
  }

  /** The documents of one term. FlexSearch calls it for queries of one term, `search` for those of more. */
  async get(
    term: string,
    _context?: string,
    limit = 0,
    offset = 0,
    resolve = true,
    enrich = false,
  ): Promise<FlexResult> {
    return this.#find([term], limit, offset, resolve, enrich);
  }

  async search(
    _index: Index,
    terms: string[],
    limit = 100,
    offset = 0,
    _suggest = false,
    resolve = true,
    enrich = false,
    tag?: unknown,
  ): Promise<FlexResult> {
    if (tag) throw new UsageError('a Bm25Storage has no tags');
    return this.#find(terms, limit, offset, resolve, enrich);
  }

  /** Ids with the stored texts of their documents. */
  async enrich(ids: FlexId | FlexId[]): Promise<EnrichedHit[]> {
    return [ids].flat().map((id) => this.#enriched(id, this.db?.docIds(String(id))[0]));
  }

  async has(id: FlexId): Promise<boolean> {
    return (this.db?.docIds(String(id)).length ?? 0) > 0;
  }

  async info(): Promise<Manifest | undefined> {
    return this.db?.manifest;
  }

  #find(terms: string[], limit: number, offset: number, resolve: boolean, enrich: boolean): FlexResult {
    const { db } = this;
    if (db === undefined || terms.length === 0) return [];
    const k = limit > 0 ? limit + offset : db.docCount;
    const hits = db.searchTerms(terms, { k }).slice(offset);
    if (enrich) return hits.map(({ id, docId }) => this.#enriched(this.#typed(id), docId));
    const ids = hits.map(({ id }) => this.#typed(id));
    return resolve || ids.length === 0 ? ids : [ids];
  }

  #enriched(id: FlexId, docId: number | undefined): EnrichedHit {
    const text = docId === undefined ? undefined : this.db?.storedText(docId);
    return { id, doc: text === undefined ? null : { text } };
  }

  #typed(id: string): FlexId {
    return this.#options.type === 'number' ? Number(id) : id;
  }

  /** Runs after the writes that were asked for before, whether they did well or not. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => {});
    return done;
  }

  async #write(given: PendingWrites): Promise<void> {
    const base = existsSync(join(this.id, MANIFEST_NAME)) ? await openIndexSegments(this.id) : undefined;
    try {
      const batch = base ? joinAppended(given, base.segments) : given;
      const removed = new Set(base && batch.tasks.flatMap(({ del }) => (del === undefined ? [] : docIdsOf(base, del))));
      if (removed.size === 0 && batch.added.size === 0) return;
      if (base && batch.added.size === 0 && removed.size === base.manifest.docCount) {
        await removeIndex(this.id);
        await this.close();
        return;
      }
      await this.#writeGeneration(batch, base, removed);
    } finally {
      base?.close();
    }
    await this.open();
  }

  async #writeGeneration(batch: PendingWrites, base: IndexSegments | undefined, removed: Set<number>): Promise<void> {
    const append = base !== undefined && removed.size === 0 && base.segments.length < MAX_SEGMENTS;
    const from = append ? base.manifest.data : undefined;
    const generation = await IndexCommit.begin(this.id, from);
    try {
      const segments: SegmentMeta[] = append ? [...base.meta.segments] : [];
      if (base && !append && removed.size < base.manifest.docCount) {
        const old = new SegmentWriter(generation.streams, storedByAny(base.segments));
        mergeSegments(base.segments, removed, old);
        segments.push(old.finish());
      }
      if (batch.added.size > 0) {
        const added = new SegmentWriter(generation.streams, { storesTexts: false });
        writeSegment(batch, added);
        segments.push(added.finish());
      }
      generation.close(segments);
      const { k1 = 0.9, b = 0.4 } = base?.manifest ?? this.#options;
      const { groupKey, corpus } = base?.manifest ?? {};
      await generation.commit({
        analyzer: base?.manifest.analyzer ?? this.#analyzer?.name ?? 'english',
        k1,
        b,
        docCount: segments.reduce((sum, { docs }) => sum + docs, 0),
        sumDocLength: segments.reduce((sum, { sumDocLength }) => sum + sumDocLength, 0),
        groupKey,
        corpus,
      });
    } catch (error) {
      await generation.abort();
      throw error;
    }
  }
}

function docIdsOf({ segments }: IndexSegments, id: FlexId): number[] {
  const key = keyBytes(String(id));
  return segments.flatMap((segment) => [...segment.docIds(key)]);
}
