/** How a query's terms weigh: `lucene` by their count; `dataflow` by their own BM25 weight, as gensim has it. */
export type Weighting = 'lucene' | 'dataflow';

export interface SearchOptions {
  /** How many hits at most. Default 10. */
  k?: number | undefined;
  /** Default `lucene`. */
  weighting?: Weighting | undefined;
  signal?: AbortSignal | undefined;
}

/** One found document. */
export interface Hit {
  /** The document's own id, as the corpus has it. */
  id: string;
  /** The document's place in the corpus, from 0: tells documents apart that share an id. */
  docId: number;
  /** BM25, over 0. */
  score: number;
  /** From 1. */
  rank: number;
}

/** A document to compare, such as a hit, and its text where that is at hand. */
export interface Comparable {
  docId: number;
  text?: string | undefined;
}

/** What an operator needs of a BM25 index. */
export interface Searcher {
  /** How many documents are indexed. */
  readonly docCount: number;
  /** The `k` best documents of score over 0, best first, equal scores in corpus order. */
  search(query: string, options?: SearchOptions): Promise<Hit[]>;
  /** The stored text of a document. */
  text(docId: number): string;
  /** The id of a document as the corpus has it. */
  id(docId: number): string;
  /** Every document of this id, in corpus order; empty where there is none. */
  docIds(id: string): number[];
  /** The key of the documents' groups; absent where the index keeps none. */
  readonly groupKey?: string | undefined;
  /** What a document holds under `groupKey`, as a string; undefined where it holds nothing. */
  group?(docId: number): string | undefined;
  /** What a search for the query scores this text, were it a document of the index; 0 where they share no term. */
  score(query: string, text: string, options?: Pick<SearchOptions, 'weighting' | 'signal'>): Promise<number>;
  /** How alike a text and each of some documents are: the cosine of their BM25 weight vectors, from 0 to 1. Texts at hand save a read. */
  similarities(text: string, documents: readonly Comparable[]): Promise<number[]>;
}
