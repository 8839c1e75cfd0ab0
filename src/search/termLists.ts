import type { Bm25 } from './bm25.js';
import { keyBytes } from './bytes.js';
import type { SegmentReader } from './segmentReader.js';
import { TermList } from './termList.js';

/** A term of the index: in how many documents it stands, and its list in each segment that has it. */
export interface IndexedTerm {
  docFreq: number;
  idf: number;
  lists: (TermList | undefined)[];
}

const BYTES_PER_TERM = 300;

/** Finds terms, and keeps those used last, `cacheMb` of them. */
export class TermLists {
  readonly #terms = new Map<string, IndexedTerm & { bytes: number }>();
  #bytes = 0;

  constructor(
    private readonly segments: readonly SegmentReader[],
    private readonly bm25: Bm25,
    private readonly cacheMb: number,
  ) {}

  /** Of `docFreq` 0 where no document has the term. */
  get(term: string): IndexedTerm {
    const known = this.#terms.get(term);
    if (known !== undefined) {
      this.#terms.delete(term);
      this.#terms.set(term, known);
      return known;
    }
    const key = keyBytes(term);
    const lists = this.segments.map((segment) => {
      const entry = segment.terms.lookup(key);
      return entry && new TermList(entry, segment, this.bm25);
    });
    const docFreq = lists.reduce((sum, list) => sum + (list?.docFreq ?? 0), 0);
    const bytes = lists.reduce((sum, list) => sum + (list?.bytes ?? 0), BYTES_PER_TERM + 2 * term.length);
    const found = { docFreq, idf: this.bm25.idf(docFreq), lists, bytes };
    this.#terms.set(term, found);
    this.#bytes += bytes;
    for (const [oldest, { bytes }] of this.#terms) {
      if (this.#bytes <= this.cacheMb * 2 ** 20) break;
      this.#terms.delete(oldest);
      this.#bytes -= bytes;
    }
    return found;
  }
}
