import { IndexError, UsageError } from '../errors.js';
import { requireWholeNumber } from '../util/check.js';
import { type Analyzer, type AnalyzerOption, analyzerNames, analyzerOfIndex } from './analysis/analyzer.js';
import { keyBytes } from './format/bytes.js';
import { rebuildHint } from './format/errors.js';
import { CorpusTexts } from './format/externalTexts.js';
import type { Manifest } from './format/manifest.js';
import { type IndexData, openIndexData } from './format/openSegments.js';
import { type SegmentReader, segmentOf } from './format/segmentReader.js';
import { Bm25 } from './scoring/bm25.js';
import { Scorer } from './scoring/queryScorer.js';
import { TextWeights } from './scoring/textSimilarity.js';
import type { Comparable, Hit, Searcher, SearchOptions, Weighting } from './searcher.js';
import { SearchPool } from './threads/searchPool.js';

export interface OpenIndexOptions {
  /** How much memory the terms used last may keep, in MB, in each thread. Default 48. */
  cacheMb?: number | undefined;
  /** How many worker threads search and compare. Default 0: the caller's thread does, and holds its event loop meanwhile. */
  threads?: number | undefined;
  /** Needed where the index was built with an analyzer of your own: that one. */
  analyzer?: AnalyzerOption | undefined;
}

interface OpenedWith {
  cacheMb: number;
  analyzer: Analyzer;
  pool: SearchPool | undefined;
  corpus: CorpusTexts | undefined;
}

/** What one term of a query adds to the score of a document. */
export interface TermExplanation {
  term: string;
  idf: number;
  /** How often the document holds the term. */
  tf: number;
  /** What it adds to the score. */
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

/** Opens the index at `path` for searching. Throws IndexError where it is absent, damaged, or of another format. */
export async function openIndex(path: string, options: OpenIndexOptions = {}): Promise<Bm25Index> {
  const { cacheMb = 48, threads = 0, analyzer } = options;
  requireWholeNumber('threads', threads, 0);
  const data = await openIndexData(path);
  let corpus: CorpusTexts | undefined;
  try {
    const own = analyzerOfIndex(data.manifest.analyzer, analyzer);
    corpus = data.manifest.corpus && new CorpusTexts(path, data.manifest.corpus);
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
  readonly #scorer: Scorer;
  readonly #bm25: Bm25;
  readonly #texts: TextWeights;
  readonly #corpus: CorpusTexts | undefined;

  readonly #pool: SearchPool | undefined;

  constructor(
    private readonly data: IndexData,
    { cacheMb, analyzer, pool, corpus }: OpenedWith,
  ) {
    const { path, manifest, segments } = data;
    this.#pool = pool;
    this.#corpus = corpus;
    this.analyzer = analyzer;
    this.path = path;
    this.manifest = manifest;
    this.docCount = manifest.docCount;
    this.#bm25 = new Bm25(segments, manifest);
    this.#scorer = new Scorer(segments, this.#bm25, cacheMb);
    this.#texts = new TextWeights({
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
  async search(query: string, { k = 10, weighting = 'lucene', signal }: SearchOptions = {}): Promise<Hit[]> {
    signal?.throwIfAborted();
    const tokens = this.analyzer.tokens(query);
    if (this.#pool === undefined) return this.searchTerms(tokens, { k, weighting });
    const hits = await this.#pool.search({ tokens, k: checkedK(k), weighting: checked(weighting) });
    signal?.throwIfAborted();
    return hits;
  }

  /** As `search`, for a query that is analyzed already, in the caller's thread. */
  searchTerms(tokens: readonly string[], { k = 10, weighting = 'lucene' }: SearchOptions = {}): Hit[] {
    return this.#scorer.search(tokens, checkedK(k), checked(weighting));
  }

  /** How each term of the query adds to the score of a document, named by its docId or, the first one so called, by its id. */
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

  /** What a search for the query scores this text, were it a document of the index; 0 where they share no term. */
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
    // An analyzer of the user's own is in the caller's thread alone.
    const pool = analyzerNames.includes(this.analyzer.name) ? this.#pool : undefined;
    return pool ? await pool.compare({ text, documents: compared }) : this.#texts.cosines(text, compared);
  }

  /** The text of a document; throws IndexError where there is none, or where the corpus that it is read from has changed. */
  text(docId: number): string {
    const text = this.storedText(docId);
    if (text !== undefined) return text;
    throw new IndexError(`${this.path} holds no text of document ${docId}`, { hint: rebuildHint(this.path) });
  }

  /** As `text`, but undefined where the index has none. */
  storedText(docId: number): string | undefined {
    const segment = this.#segmentOf(docId);
    if (this.#corpus === undefined) return segment.text(docId);
    const place = segment.place(docId);
    return place && this.#corpus.text(place);
  }

  /** The key of the documents' groups; undefined where the index keeps none. */
  get groupKey(): string | undefined {
    return this.manifest.groupKey;
  }

  /** What a document holds under `groupKey`, as a string; undefined where it holds nothing. */
  group(docId: number): string | undefined {
    return this.#segmentOf(docId).group(docId);
  }

  /** The id of a document as the corpus has it. */
  id(docId: number): string {
    return this.#segmentOf(docId).id(docId);
  }

  /** Every document of this id, in corpus order; empty where there is none. */
  docIds(id: string): number[] {
    const key = keyBytes(id);
    return this.data.segments.flatMap((segment) => [...segment.docIds(key)]);
  }

  async close(): Promise<void> {
    this.#corpus?.close();
    await this.#pool?.close();
    this.data.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #segmentOf(docId: number): SegmentReader {
    const segment = segmentOf(this.data.segments, docId);
    if (segment === undefined || !Number.isInteger(docId)) {
      throw new UsageError(`no document has the docId ${docId}: there are ${this.docCount}, from 0`);
    }
    return segment;
  }
}

function checkedK(k: number): number {
  requireWholeNumber('k', k);
  return k;
}

function checked(weighting: Weighting): Weighting {
  if (weighting === 'lucene' || weighting === 'dataflow') return weighting;
  throw new UsageError(`no weighting is named ${JSON.stringify(weighting)}`, { hint: 'lucene or dataflow' });
}
