import { IndexError, UsageError } from '../errors.js';
import { mustBe } from '../util/check.js';
import { checkOption, resolveOptions } from '../util/options.js';
import type { Analyzer } from './analysis/analyzer.js';
import { isAnalyzerName } from './analysis/analyzerNames.js';
import { analyzerOfIndex } from './analysis/registry.js';
import { keyBytes } from './format/bytes.js';
import { rebuildHint } from './format/errors.js';
import { ExternalTexts } from './format/externalTexts.js';
import type { Manifest } from './format/manifest.js';
import { type IndexSegments, openIndexSegments } from './format/openSegments.js';
import { type SegmentReader, segmentOf } from './format/segmentReader.js';
import { type OpenIndexOptions, openOptions, queryOptions, searchOptions } from './options.js';
import { Bm25 } from './scoring/bm25.js';
import { defaultCacheMb } from './scoring/cacheSize.js';
import { QueryScorer } from './scoring/queryScorer.js';
import { TextSimilarity } from './scoring/textSimilarity.js';
import type { Comparable, Hit, Searcher, SearchOptions, Weighting } from './searcher.js';
import { SearchPool } from './threads/searchPool.js';

interface OpenedWith {
  cacheMb: number;
  analyzer: Analyzer;
  pool: SearchPool | undefined;
  corpus: ExternalTexts | undefined;
}

/** The contribution of one query term to the score of a document. */
export interface TermExplanation {
  term: string;
  idf: number;
  /** The term frequency in the document. */
  tf: number;
  /** The part of the score that comes from the term. */
  weight: number;
  /** `weight` as a part of the score; all shares add up to 1. */
  share: number;
}

export interface Explanation {
  docId: number;
  id: string;
  score: number;
  /** The query's terms that the document holds, those that add most first. */
  terms: TermExplanation[];
}

/** Opens the index at `path` for searching. Throws IndexError if it is missing, damaged, or of another format. */
export async function openIndex(path: string, options: OpenIndexOptions = {}): Promise<Bm25Index> {
  const { threads, analyzer, ...given } = resolveOptions('openIndex', openOptions, options);
  const cacheMb = given.cacheMb ?? defaultCacheMb(threads);
  if (typeof path !== 'string') throw mustBe('openIndex: path', 'the folder of an index', path);
  const data = await openIndexSegments(path);
  let corpus: ExternalTexts | undefined;
  try {
    const own = analyzerOfIndex(data.manifest.analyzer, analyzer);
    corpus = data.manifest.corpus && new ExternalTexts(path, data.manifest.corpus);
    const pool = threads > 0 ? await SearchPool.open(threads, { path, manifest: data.manifest, cacheMb }) : undefined;
    return new Bm25Index(data, { cacheMb, analyzer: own, pool, corpus });
  } catch (error) {
    corpus?.close();
    data.close();
    throw error;
  }
}

/** An open BM25 index on disk; many processes may have it open. Close it when done. */
export class Bm25Index implements Searcher {
  readonly path: string;
  readonly manifest: Manifest;
  readonly analyzer: Analyzer;
  readonly docCount: number;
  readonly #scorer: QueryScorer;
  readonly #bm25: Bm25;
  readonly #texts: TextSimilarity;
  readonly #corpus: ExternalTexts | undefined;

  readonly #pool: SearchPool | undefined;

  readonly #data: IndexSegments;

  constructor(data: IndexSegments, { cacheMb, analyzer, pool, corpus }: OpenedWith) {
    this.#data = data;
    const { path, manifest, segments } = data;
    this.#pool = pool;
    this.#corpus = corpus;
    this.analyzer = analyzer;
    this.path = path;
    this.manifest = manifest;
    this.docCount = manifest.docCount;
    this.#bm25 = new Bm25(segments, manifest);
    this.#scorer = new QueryScorer(segments, this.#bm25, cacheMb);
    this.#texts = new TextSimilarity({
      analyzer: this.analyzer,
      bm25: this.#bm25,
      segments,
    });
  }

  /** The mean length, in terms, of the documents that have any. */
  get avgDocLength(): number {
    return this.#bm25.avgDocLength;
  }

  /** The `k` best documents (default 10) of BM25 score over 0, best first, equal scores in corpus order. */
  async search(query: string, options: SearchOptions = {}): Promise<Hit[]> {
    const { k, weighting, signal } = resolveOptions('search', queryOptions, options);
    signal?.throwIfAborted();
    const tokens = this.analyzer.tokens(query);
    if (this.#pool === undefined) return this.#scorer.search(tokens, k, weighting);
    const hits = await this.#pool.search({ tokens, k, weighting });
    signal?.throwIfAborted();
    return hits;
  }

  /** Searches like `search`, for the terms of a query, in the caller's thread. */
  searchTerms(tokens: readonly string[], options: SearchOptions = {}): Hit[] {
    const { k, weighting } = resolveOptions('searchTerms', queryOptions, options);
    return this.#scorer.search(tokens, k, weighting);
  }

  /** Explains the score of a document by the terms of the query. The document is named by its docId, or by its id (the first one of that id). */
  explain(
    query: string,
    document: number | string,
    { weighting = 'lucene' }: { weighting?: Weighting | undefined } = {},
  ): Explanation {
    const docId = typeof document === 'number' ? document : this.docIds(document)[0];
    if (docId === undefined) throw new UsageError(`no document has the id ${JSON.stringify(document)}`);
    const id = this.id(docId);
    const parts = this.#scorer.weigh(this.analyzer.tokens(query), checked(weighting)).map((term) => {
      return { term: term.token, idf: term.idf, ...this.#scorer.partOf(term, docId) };
    });
    const score = parts.reduce((sum, { weight }) => sum + weight, 0);
    const terms = parts
      .filter(({ weight }) => weight > 0)
      .map((part) => ({ ...part, share: part.weight / score }))
      .sort((a, b) => b.weight - a.weight);
    return { docId, id, score, terms };
  }

  /** Returns the score that a search for the query would give this text as a document of the index; 0 if they share no term. */
  async score(
    query: string,
    text: string,
    { weighting = 'lucene', signal }: Pick<SearchOptions, 'weighting' | 'signal'> = {},
  ): Promise<number> {
    signal?.throwIfAborted();
    return this.#texts.score(query, text, checked(weighting));
  }

  /** The cosine of the BM25 weight vectors of a text and of each of some documents; texts that are not given must be stored. */
  async similarities(text: string, documents: readonly Comparable[]): Promise<number[]> {
    const compared = documents.map(({ docId, text }) => ({ docId, text: text ?? this.text(docId) }));
    // A custom analyzer exists only in the caller's thread.
    const pool = isAnalyzerName(this.analyzer.name) ? this.#pool : undefined;
    return pool ? await pool.compare({ text, documents: compared }) : this.#texts.cosines(text, compared);
  }

  /** Returns the text of a document. Throws IndexError if there is none, or if the corpus that it is read from has changed. */
  text(docId: number): string {
    const text = this.storedText(docId);
    if (text !== undefined) return text;
    throw new IndexError(`${this.path} holds no text of document ${docId}`, { hint: rebuildHint(this.path) });
  }

  /** Returns the text of a document like `text`, but undefined if the index has none. */
  storedText(docId: number): string | undefined {
    const segment = this.#segmentOf(docId);
    if (this.#corpus === undefined) return segment.text(docId);
    const place = segment.place(docId);
    return place && this.#corpus.text(place);
  }

  /** The key of the groups of the documents; undefined if the index keeps none. */
  get groupKey(): string | undefined {
    return this.manifest.groupKey;
  }

  /** Returns the value of a document under `groupKey`, as a string; undefined if it has none. */
  group(docId: number): string | undefined {
    return this.#segmentOf(docId).group(docId);
  }

  /** The id of a document as the corpus has it. */
  id(docId: number): string {
    return this.#segmentOf(docId).id(docId);
  }

  /** Returns every document of this id, in corpus order; an empty list if there is none. */
  docIds(id: string): number[] {
    const key = keyBytes(id);
    return this.#data.segments.flatMap((segment) => [...segment.docIds(key)]);
  }

  async close(): Promise<void> {
    this.#corpus?.close();
    await this.#pool?.close();
    this.#data.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #segmentOf(docId: number): SegmentReader {
    const segment = segmentOf(this.#data.segments, docId);
    if (segment === undefined || !Number.isInteger(docId)) {
      throw new UsageError(`no document has the docId ${docId}: there are ${this.docCount}, from 0`);
    }
    return segment;
  }
}

function checked(weighting: Weighting): Weighting {
  checkOption('weighting', searchOptions.weighting, weighting);
  return weighting;
}
