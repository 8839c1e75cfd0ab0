import type { Searcher } from '../../search/searcher.js';
import { LruCache } from '../../util/lru.js';
import { shinglesOf } from './nearDuplicate.js';
import { normalized } from './positives.js';

/** A document of the index, prepared for comparison. */
export class KnownDocument {
  /** The text with its white space normalized. */
  readonly plain: string;
  readonly text: string;
  #shingles: ReadonlySet<number> | undefined;

  constructor(text: string) {
    this.text = text;
    this.plain = normalized(text);
  }

  /** The distinct shingles, computed at first use. */
  get shingles(): ReadonlySet<number> {
    this.#shingles ??= shinglesOf(this.text);
    return this.#shingles;
  }
}

const MAX_CACHED_BYTES = 32 * 2 ** 20;
const BYTES_PER_DOCUMENT = 500;
/** A word has about six characters, and its shingle takes about 24 bytes. */
const BYTES_PER_CHARACTER = 8;

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
    const document = new KnownDocument(this.#index.text(docId));
    this.#cache.set(docId, document);
    return document;
  }
}

function bytesOfDocument({ text }: KnownDocument): number {
  return BYTES_PER_DOCUMENT + BYTES_PER_CHARACTER * text.length;
}

const ofIndexes = new WeakMap<Searcher, KnownDocuments>();

/** Returns the documents of an index, shared by all operators that mine from it. */
export function knownDocuments(index: Searcher): KnownDocuments {
  const found = ofIndexes.get(index) ?? new KnownDocuments(index);
  ofIndexes.set(index, found);
  return found;
}
