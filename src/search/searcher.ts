export const weightings = ['lucene', 'dataflow'] as const;

/** The weighting of query terms: `lucene` by their count; `dataflow` by their own BM25 weight, as gensim does. */
export type Weighting = (typeof weightings)[number];

export interface SearchOptions {
  /** The maximum number of hits. Default 10. */
  k?: number | undefined;
  /** Default `lucene`. */
  weighting?: Weighting | undefined;
  signal?: AbortSignal | undefined;
}

/** A document that a search found. */
export interface Hit {
  /** The id that the corpus gives the document. */
  id: string;
  /** The number of the document in the corpus, from 0; it distinguishes documents that share an id. */
  docId: number;
  /** The BM25 score, > 0. */
  score: number;
  /** The rank, from 1. */
  rank: number;
}

/** A document to compare, such as a hit, and its text if the caller has it. */
export interface Comparable {
  docId: number;
  text?: string | undefined;
}

/** The part of a BM25 index that operators use. */
export interface Searcher {
  /** The number of documents. */
  readonly docCount: number;
  /** Finds the `k` best documents of a score > 0, best first, equal scores in corpus order. */
  search(query: string, options?: SearchOptions): Promise<Hit[]>;
  /** Returns the text of a document. */
  text(docId: number): string;
  /** Returns the id that the corpus gives a document. */
  id(docId: number): string;
  /** Returns all documents of this id, in corpus order; an empty list if there are none. */
  docIds(id: string): number[];
  /** The analyzer of its texts, if it has a name. */
  readonly analyzer?: { readonly name: string } | undefined;
  /** The key of the documents' groups; undefined if the index has no groups. */
  readonly groupKey?: string | undefined;
  /** Returns the value of a document under `groupKey`, as a string; undefined if it has none. */
  group?(docId: number): string | undefined;
  /** Scores a text for a query as if it were a document of the index; 0 if they share no term. */
  score(query: string, text: string, options?: Pick<SearchOptions, 'weighting' | 'signal'>): Promise<number>;
  /** Compares a text with documents: the cosine of their BM25 weight vectors, from 0 to 1. A text passed with its document saves a read. */
  similarities(text: string, documents: readonly Comparable[]): Promise<number[]>;
}

const methods = ['search', 'text', 'id', 'docIds', 'score', 'similarities'] as const;

/** True for an open index, false for its path and other values: callers check what a JavaScript program passes. */
export function isSearcher(value: unknown): value is Searcher {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<Searcher>;
  return typeof candidate.docCount === 'number' && methods.every((name) => typeof candidate[name] === 'function');
}
