import { type SegmentReader, segmentOf } from '../format/segmentReader.js';
import type { Hit, Weighting } from '../searcher.js';
import type { Bm25 } from './bm25.js';
import { PostingsPages } from './postingsPages.js';
import { SearchKernel } from './searchKernel.js';
import { TableArena } from './tableArena.js';
import { CURSOR_BYTES, type IndexedTerm, TermCache } from './termCache.js';

/** A distinct term of a query. */
export interface QueryTerm extends IndexedTerm {
  token: string;
  queryWeight: number;
}

/** Pruning pays if at most one document in this many is wanted. */
const PRUNED_DOCS_PER_HIT = 32;
/** With more terms, bounds would be too coarse. */
const MAX_PRUNED_TERMS = 2 ** 13;
/** The share of the cache for terms: their tables, and decoded postings; chunks of postings have the rest. */
const TABLES_PART = 2 / 3;
/** The sizes of the kernel's structures, and the fields that are set here. */
const IDF_AT = 48;
const QUERY_WEIGHT_AT = 56;
const TOP_BYTES = 24;
const BLOCK_DOCS = 2 ** 14;
const IMPACTS_BYTES = 2 ** 14;
/** More than a block of postings. */
const SPLIT_BLOCK_BYTES = 2 ** 12;

/** The arrays of a segment in the kernel's memory. */
interface SegmentTables {
  lengths: number;
  levels: number;
}

/** Finds the best documents for the terms of a query, with exact scores, one segment after the other. */
export class QueryScorer {
  readonly #kernel: SearchKernel;
  readonly #pages: PostingsPages | undefined;
  readonly #arena: TableArena;
  readonly #terms: TermCache;
  readonly #docs: number;
  readonly #tables: (SegmentTables | undefined)[];
  readonly #tops: { top: number; seeds: number };
  #cursors = { query: 0, terms: 0 };
  #maxK = 0;
  #selected = -1;

  readonly #segments: readonly SegmentReader[];
  readonly #bm25: Bm25;

  /** Creates a scorer that keeps `cacheMb` of what it read last in memory. */
  constructor(segments: readonly SegmentReader[], bm25: Bm25, cacheMb: number) {
    this.#segments = segments;
    this.#bm25 = bm25;
    this.#docs = segments.reduce((sum, { docs }) => sum + docs, 0);
    this.#tables = segments.map(() => undefined);
    const kernel = new SearchKernel((chunk) => (this.#pages as PostingsPages).fetch(chunk));
    this.#kernel = kernel;
    this.#arena = new TableArena(kernel);
    kernel.exports.setModel(bm25.k1, bm25.b, bm25.avgDocLength, kernel.reserve(IMPACTS_BYTES));
    const [bounds, scores, candidates, candidateBounds] = [2, 8, 4, 4].map((bytes) =>
      kernel.reserve(bytes * BLOCK_DOCS),
    );
    kernel.exports.setBuffers(
      bounds as number,
      scores as number,
      candidates as number,
      candidateBounds as number,
      kernel.reserve(SPLIT_BLOCK_BYTES),
    );
    this.#tops = { top: kernel.reserve(TOP_BYTES), seeds: kernel.reserve(TOP_BYTES) };
    kernel.exports.setTops(this.#tops.top, this.#tops.seeds);
    const cacheBytes = cacheMb * 2 ** 20;
    const postings = segments[0]?.postings;
    this.#pages = postings && new PostingsPages(kernel, postings, cacheBytes * (1 - TABLES_PART));
    this.#terms = new TermCache({
      kernel,
      arena: this.#arena,
      pages: this.#pages as PostingsPages,
      segments,
      bm25,
      maxBytes: cacheBytes * TABLES_PART,
      select: (segment) => this.#select(segment),
    });
  }

  /** Returns the `k` best documents of score over 0, best first, equal scores in corpus order. */
  search(tokens: readonly string[], k: number, weighting: Weighting): Hit[] {
    const query = this.weigh(tokens, weighting);
    const most = Math.min(k, this.#docs);
    const { exports } = this.#kernel;
    this.#makeRoom(query.length, most);
    exports.resetTop(this.#tops.top, most);
    const isPruned = k * PRUNED_DOCS_PER_HIT <= this.#docs && query.length <= MAX_PRUNED_TERMS;
    for (let segment = 0; segment < this.#segments.length; segment++) {
      const terms = this.#writeQuery(query, segment);
      if (terms === 0) continue;
      this.#select(segment);
      if (isPruned) exports.searchPruned(terms, most);
      else exports.searchAll(terms);
    }
    return this.#hits();
  }

  /** Returns the distinct terms of a query that the index has, in the order of the query, with their weights. */
  weigh(tokens: readonly string[], weighting: Weighting): QueryTerm[] {
    this.#terms.trim();
    const tfs = new Map<string, number>();
    for (const token of tokens) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    const terms: (QueryTerm & { tf: number })[] = [];
    let queryLength = 0;
    for (const [token, tf] of tfs) {
      const { docFreq, idf, lists } = this.#terms.get(token);
      if (docFreq === 0) continue;
      terms.push({ token, tf, docFreq, idf, lists, queryWeight: 0 });
      queryLength += tf;
    }
    for (const term of terms) {
      term.queryWeight = this.#bm25.queryWeight(term.idf, term.tf, queryLength, weighting);
    }
    return terms;
  }

  /** Returns the frequency of a query term in a document, and its part of the score. */
  partOf(term: QueryTerm, docId: number): { tf: number; weight: number } {
    const { idf, queryWeight } = term;
    const at = this.#segments.findIndex(({ firstDoc, docs }) => docId < firstDoc + docs);
    const { firstDoc } = this.#segments[at] as SegmentReader;
    this.#makeRoom(1, 1);
    if (this.#writeQuery([term], at) === 0) return { tf: 0, weight: 0 };
    this.#select(at);
    const tf = this.#kernel.exports.tfOf(this.#cursors.query, docId - firstDoc);
    if (tf === 0) return { tf: 0, weight: 0 };
    const { lengths } = this.#tables[at] as SegmentTables;
    const length = this.#kernel.u32[lengths / 4 + docId - firstDoc] as number;
    return { tf, weight: queryWeight * this.#bm25.weight(idf, tf, length) };
  }

  #hits(): Hit[] {
    const { exports } = this.#kernel;
    const { top } = this.#tops;
    const size = exports.sortTop(top);
    const { u32, f64 } = this.#kernel;
    const scores = (u32[top / 4] as number) / 8;
    const docs = (u32[top / 4 + 1] as number) / 4;
    const hits: Hit[] = [];
    for (let at = 0; at < size; at++) {
      const docId = u32[docs + at] as number;
      const { id } = this.#idOf(docId);
      hits.push({ id, docId, score: f64[scores + at] as number, rank: at + 1 });
    }
    return hits;
  }

  #idOf(docId: number): { id: string } {
    return { id: (segmentOf(this.#segments, docId) as SegmentReader).id(docId) };
  }

  /** Writes the cursors of a segment's terms, as they are before the first posting. Returns how many there are. */
  #writeQuery(query: readonly QueryTerm[], segment: number): number {
    const { u32, f64 } = this.#kernel;
    let terms = 0;
    for (const { lists, idf, queryWeight } of query) {
      const list = lists[segment] as number;
      if (list === 0) continue;
      const cursor = this.#cursors.query + terms++ * CURSOR_BYTES;
      u32.fill(0, cursor / 4, (cursor + CURSOR_BYTES) / 4);
      u32[cursor / 4] = list;
      u32[cursor / 4 + 3] = 0xffffffff;
      f64[(cursor + IDF_AT) / 8] = idf;
      f64[(cursor + QUERY_WEIGHT_AT) / 8] = queryWeight;
    }
    return terms;
  }

  #makeRoom(terms: number, k: number): void {
    const kernel = this.#kernel;
    if (terms > this.#cursors.terms) {
      const room = Math.max(64, 2 * terms);
      const query = kernel.reserve(room * CURSOR_BYTES);
      kernel.exports.setQuery(query, kernel.reserve(room * CURSOR_BYTES), kernel.reserve((room + 1) * 4));
      this.#cursors = { query, terms: room };
    }
    if (k > this.#maxK) {
      this.#maxK = Math.max(128, 2 * k);
      for (const top of [this.#tops.top, this.#tops.seeds]) {
        const scores = kernel.reserve(this.#maxK * 8);
        const docs = kernel.reserve(this.#maxK * 4);
        kernel.u32.set([scores, docs], top / 4);
      }
    }
  }

  /** Makes a segment the kernel's current one. Its lengths are read at the first use. */
  #select(segment: number): void {
    if (this.#selected === segment) return;
    const { docs, firstDoc } = this.#segments[segment] as SegmentReader;
    const tables = this.#tables[segment] ?? this.#readTables(segment);
    this.#tables[segment] = tables;
    this.#kernel.exports.setSegment(docs, firstDoc, tables.lengths, tables.levels);
    this.#selected = segment;
  }

  #readTables(segment: number): SegmentTables {
    const kernel = this.#kernel;
    const reader = this.#segments[segment] as SegmentReader;
    const lengths = kernel.reserve(reader.docs * 4);
    const levels = kernel.reserve(reader.docs);
    reader.readLengths((bytes) => {
      const address = this.#arena.take(bytes.length);
      kernel.u8.set(bytes, address);
      kernel.exports.readLengths(address, reader.docs, lengths, levels);
    });
    return { lengths, levels };
  }
}
