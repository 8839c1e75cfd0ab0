import type { Searcher } from '../../search/searcher.js';
import { DistinctShingles } from './nearDuplicate.js';
import { normalized } from './positives.js';

/** A document of the index, with what is compared of it. */
export interface KnownDocument {
  text: string;
  /** The text without what white space may differ in. */
  plain: string;
  shingles: DistinctShingles;
}

const MAX_BYTES = 32 * 2 ** 20;
const BYTES_PER_DOCUMENT = 3000;

/** Remembers the documents that came up last: in a small corpus the same ones are candidates again and again. */
class KnownDocuments {
  readonly #known = new Map<number, KnownDocument>();
  #bytes = 0;

  constructor(private readonly index: Searcher) {}

  get(docId: number): KnownDocument {
    return this.#known.get(docId) ?? this.#learn(docId);
  }

  #learn(docId: number): KnownDocument {
    const text = this.index.text(docId);
    const document = { text, plain: normalized(text), shingles: new DistinctShingles(text) };
    this.#known.set(docId, document);
    this.#bytes += bytesOf(document);
    for (const [oldest, one] of this.#known) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#known.delete(oldest);
      this.#bytes -= bytesOf(one);
    }
    return document;
  }
}

function bytesOf({ text }: KnownDocument): number {
  return BYTES_PER_DOCUMENT + 2 * text.length;
}

const ofIndexes = new WeakMap<Searcher, KnownDocuments>();

/** Those of an index, shared by all that mine from it. */
export function knownDocuments(index: Searcher): KnownDocuments {
  const found = ofIndexes.get(index) ?? new KnownDocuments(index);
  ofIndexes.set(index, found);
  return found;
}
