import type { Analyzer } from '../analysis/analyzer.js';
import { TermIds } from '../analysis/termIds.js';
import { keyBytes } from '../format/bytes.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { Weighting } from '../searcher.js';
import type { Bm25 } from './bm25.js';

/** The parts that the weights of texts are computed from. */
export interface TextSimilarityOptions {
  analyzer: Analyzer;
  bm25: Pick<Bm25, 'idf' | 'norm' | 'queryWeight'>;
  segments: readonly Pick<SegmentReader, 'terms'>[];
  /** Memory for the vectors used last, in MB. Default 32. */
  cacheMb?: number;
}

/** A document of the index, with its text. */
export interface DocumentText {
  docId: number;
  text: string;
}

/** w(t, d) of the terms of a text. */
interface Vector {
  /** Numbers of terms, each once. */
  terms: Uint32Array;
  weights: Float64Array;
  /** Σ w². */
  squares: number;
  bytes: number;
}

/** The most distinct terms that have ids; then ids and vectors are dropped, and numbering starts again. */
const MAX_TERMS = 2 ** 17;
const BYTES_PER_VECTOR = 300;

/**
 * BM25 of texts themselves, w(t, d) of every term: for comparing the few documents that a question brought up. Nothing is read
 * from the postings but how many documents hold a term. A text from elsewhere is weighed as though it were a document.
 */
export class TextSimilarity {
  readonly #numbers = new Map<string, number>();
  /** Numbers the terms of a text without making strings of its words, where the analyzer goes by words. */
  #words: TermIds | undefined;
  /** The idf by term id; 0 for a term that no document has. */
  #idfs = new Float64Array(4096);
  /** Zero between uses, by a term's number. */
  #counts = new Float64Array(4096);
  /** The terms of a text that is weighed, each once. */
  #distinct = new Uint32Array(1024);
  readonly #vectors = new Map<number | string, Vector>();
  #bytes = 0;

  readonly #parts: TextSimilarityOptions;

  constructor(parts: TextSimilarityOptions) {
    this.#parts = parts;
    this.#words = this.#newWords();
  }

  /** Returns Σ of query weight × w(t, d): the score that a search for the query would give the text as a document. */
  score(query: string, text: string, weighting: Weighting): number {
    this.#renumberWhenFull();
    const { analyzer, bm25 } = this.#parts;
    const tfs = new Map<number, number>();
    for (const token of analyzer.tokens(query)) {
      const term = this.#number(token);
      if (this.#idf(term) > 0) tfs.set(term, (tfs.get(term) ?? 0) + 1);
    }
    const queryLength = [...tfs.values()].reduce((sum, tf) => sum + tf, 0);
    const { terms, weights } = this.#vector(text, text);
    let score = 0;
    for (const [term, tf] of tfs) {
      const at = terms.indexOf(term);
      if (at >= 0) score += bm25.queryWeight(this.#idf(term), tf, queryLength, weighting) * (weights[at] as number);
    }
    return score;
  }

  /** The cosine of the weight vectors of `text` and of each document: from 0, no term in common, to 1. */
  cosines(text: string, documents: readonly DocumentText[]): number[] {
    this.#renumberWhenFull();
    const own = this.#vector(text, text);
    const others = documents.map((document) => this.#vector(document.docId, document.text));
    const ownWeights = this.#counts;
    for (let at = 0; at < own.terms.length; at++) ownWeights[own.terms[at] as number] = own.weights[at] as number;
    const cosines = others.map(({ terms, weights, squares }) => {
      let dot = 0;
      for (let at = 0; at < terms.length; at++) {
        dot += (weights[at] as number) * (ownWeights[terms[at] as number] as number);
      }
      return dot === 0 ? 0 : Math.min(1, dot / Math.sqrt(squares * own.squares));
    });
    for (const term of own.terms) ownWeights[term] = 0;
    return cosines;
  }

  /** Returns the vector of a text; `key`, its docId or the text itself, finds it in the cache. */
  #vector(key: number | string, text: string): Vector {
    const known = this.#vectors.get(key);
    if (known !== undefined) {
      this.#vectors.delete(key);
      this.#vectors.set(key, known);
      return known;
    }
    const vector = this.#weigh(text);
    if (typeof key === 'string') vector.bytes += 2 * text.length;
    this.#vectors.set(key, vector);
    this.#bytes += vector.bytes;
    for (const [oldest, { bytes }] of this.#vectors) {
      if (this.#bytes <= (this.#parts.cacheMb ?? 32) * 2 ** 20) break;
      this.#vectors.delete(oldest);
      this.#bytes -= bytes;
    }
    return vector;
  }

  #weigh(text: string): Vector {
    const { tokens, length } = this.#tokens(text);
    const norm = this.#parts.bm25.norm(length);
    let distinct = 0;
    if (length > this.#distinct.length) this.#distinct = new Uint32Array(2 * length);
    for (let at = 0; at < length; at++) {
      const term = tokens[at] as number;
      const count = this.#counts[term] as number;
      if (count === 0) this.#distinct[distinct++] = term;
      this.#counts[term] = count + 1;
    }
    const terms = this.#distinct.slice(0, distinct);
    const weights = new Float64Array(terms.length);
    let squares = 0;
    for (let at = 0; at < terms.length; at++) {
      const term = terms[at] as number;
      const tf = this.#counts[term] as number;
      const weight = (this.#idf(term) * tf) / (tf + norm);
      this.#counts[term] = 0;
      weights[at] = weight;
      squares += weight * weight;
    }
    return { terms, weights, squares, bytes: BYTES_PER_VECTOR + 12 * terms.length };
  }

  /** The numbers of a text's terms, the first `length` of `tokens`; good until the next text. */
  #tokens(text: string): { tokens: ArrayLike<number>; length: number } {
    if (this.#words) {
      const length = this.#words.analyze(text);
      return { tokens: this.#words.terms, length };
    }
    const tokens = this.#parts.analyzer.tokens(text).map((token) => this.#number(token));
    return { tokens, length: tokens.length };
  }

  #newWords(): TermIds | undefined {
    const { analyzer } = this.#parts;
    return (
      analyzer.termOf &&
      new TermIds(
        (word) => analyzer.termOf?.(word) ?? '',
        (term) => this.#number(term),
      )
    );
  }

  /** Called before a comparison: no vector in use outlives its numbers. */
  #renumberWhenFull(): void {
    if (this.#numbers.size < MAX_TERMS) return;
    this.#numbers.clear();
    this.#words = this.#newWords();
    this.#vectors.clear();
    this.#bytes = 0;
  }

  #idf(term: number): number {
    return this.#idfs[term] as number;
  }

  #number(token: string): number {
    const known = this.#numbers.get(token);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    if (number === this.#idfs.length) {
      this.#idfs = enlarged(this.#idfs);
      this.#counts = enlarged(this.#counts);
    }
    const key = keyBytes(token);
    const docFreq = this.#parts.segments.reduce((sum, { terms }) => sum + (terms.lookup(key)?.count ?? 0), 0);
    this.#idfs[number] = docFreq === 0 ? 0 : this.#parts.bm25.idf(docFreq);
    this.#numbers.set(token, number);
    return number;
  }
}

function enlarged(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
