import { type SegmentReader, segmentOf } from '../format/segmentReader.js';
import type { Hit, Weighting } from '../searcher.js';
import type { Bm25 } from './bm25.js';
import { ExhaustiveSearch } from './exhaustiveSearch.js';
import { MaxScoreSearch } from './maxScoreSearch.js';
import { PostingsCursor } from './postingsCursor.js';
import { type IndexedTerm, TermCache } from './termCache.js';
import type { TermPostings } from './termPostings.js';
import { TopK } from './topK.js';

/** A distinct term of a query. */
export interface QueryTerm extends IndexedTerm {
  token: string;
  queryWeight: number;
}

/** Pruning pays if at most one document in this many is wanted. */
const PRUNED_DOCS_PER_HIT = 32;
/** The share of the cache for raw chunks of postings; block tables and decoded postings have the rest. */
const CHUNKS_PART = 1 / 8;

/** Finds the best documents for the terms of a query, with exact scores, one segment after the other. */
export class QueryScorer {
  readonly #top = new TopK();
  readonly #lists: TermCache;
  readonly #docs: number;
  readonly #searches: { pruned: MaxScoreSearch; exhaustive: ExhaustiveSearch }[];

  readonly #segments: readonly SegmentReader[];
  readonly #bm25: Bm25;

  /** Creates a scorer that keeps `cacheMb` of what it read last in memory. */
  constructor(segments: readonly SegmentReader[], bm25: Bm25, cacheMb: number) {
    this.#segments = segments;
    this.#bm25 = bm25;
    const cacheBytes = cacheMb * 2 ** 20;
    this.#lists = new TermCache(segments, bm25, cacheBytes * (1 - CHUNKS_PART));
    segments[0]?.postings.keep(cacheBytes * CHUNKS_PART);
    this.#docs = segments.reduce((sum, { docs }) => sum + docs, 0);
    this.#searches = segments.map((segment) => {
      return { pruned: new MaxScoreSearch(bm25, segment), exhaustive: new ExhaustiveSearch(bm25, segment) };
    });
  }

  /** Returns the `k` best documents of score over 0, best first, equal scores in corpus order. */
  search(tokens: readonly string[], k: number, weighting: Weighting): Hit[] {
    const query = this.weigh(tokens, weighting);
    const most = Math.min(k, this.#docs);
    this.#top.reset(most);
    this.#searches.forEach(({ pruned, exhaustive }, at) => {
      const terms = query.flatMap(({ lists, idf, queryWeight }) => {
        return lists[at] === undefined ? [] : { list: lists[at], idf, queryWeight };
      });
      if (terms.length === 0) return;
      if (k * PRUNED_DOCS_PER_HIT <= this.#docs) pruned.search(terms, most, this.#top);
      else exhaustive.search(terms, this.#top);
    });
    return this.#top.sorted().map(({ docId, score }, place) => {
      const id = (segmentOf(this.#segments, docId) as SegmentReader).id(docId);
      return { id, docId, score, rank: place + 1 };
    });
  }

  /** Returns the distinct terms of a query that the index has, in the order of the query, with their weights. */
  weigh(tokens: readonly string[], weighting: Weighting): QueryTerm[] {
    const tfs = new Map<string, number>();
    for (const token of tokens) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    const known = [...tfs].map(([token, tf]) => ({ token, tf, ...this.#lists.get(token) }));
    const terms = known.filter(({ docFreq }) => docFreq > 0);
    const queryLength = terms.reduce((sum, { tf }) => sum + tf, 0);
    return terms.map(({ tf, ...term }) => {
      return { ...term, queryWeight: this.#bm25.queryWeight(term.idf, tf, queryLength, weighting) };
    });
  }

  /** Returns the frequency of a query term in a document, and its part of the score. */
  partOf({ lists, idf, queryWeight }: QueryTerm, docId: number): { tf: number; weight: number } {
    const at = this.#segments.findIndex(({ firstDoc, docs }) => docId < firstDoc + docs);
    const { firstDoc, docLengths } = this.#segments[at] as SegmentReader;
    const list: TermPostings | undefined = lists[at];
    if (list === undefined) return { tf: 0, weight: 0 };
    const cursor = new PostingsCursor(list);
    cursor.seek(docId - firstDoc);
    if (cursor.doc !== docId - firstDoc) return { tf: 0, weight: 0 };
    const length = docLengths[cursor.doc] as number;
    return { tf: cursor.tf, weight: queryWeight * this.#bm25.weight(idf, cursor.tf, length) };
  }
}
