import type { Searcher } from '../../search/searcher.js';
import { LruCache } from '../../util/lru.js';
import { DistinctShingles } from './nearDuplicate.js';
import { normalized } from './positives.js';

/** A document of the index, prepared for comparison. */
export interface KnownDocument {
  text: string;
  /** The text with its white space normalized. */
  plain: string;
  shingles: DistinctShingles;
}

const MAX_CACHED_BYTES = 32 * 2 ** 20;
const BYTES_PER_DOCUMENT = 3000;

/** Keeps the documents that were used last: in a small corpus the same ones are candidates again and again. */
class KnownDocuments {
  readonly #cache = new LruCache<number, KnownDocument>({ maxWeight: MAX_CACHED_BYTES, weightOf: bytesOfDocument });
  readonly #index: Searcher;

  constructor(index: Searcher) {
    this.#index = index;
  }

  get(docId: number): KnownDocument {
    return this.#cache.get(docId) ?? this.#read(docId);
  }

  #read(docId: number): KnownDocument {
    const text = this.#index.text(docId);
    const document = { text, plain: normalized(text), shingles: new DistinctShingles(text) };
    this.#cache.set(docId, document);
    return document;
  }
}

function bytesOfDocument({ text }: KnownDocument): number {
  return BYTES_PER_DOCUMENT + 2 * text.length;
}

const ofIndexes = new WeakMap<Searcher, KnownDocuments>();

/** Returns the documents of an index, shared by all operators that mine from it. */
export function knownDocuments(index: Searcher): KnownDocuments {
  const found = ofIndexes.get(index) ?? new KnownDocuments(index);
  ofIndexes.set(index, found);
  return found;
}
