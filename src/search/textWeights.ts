import type { Analyzer } from './analyzer.js';
import type { Bm25 } from './bm25.js';
import type { Weighting } from './searcher.js';

/** Terms whose idf is remembered; a new generation begins when it is full. */
const CACHED_TERMS = 400_000;

/** What the weights of a text are made from. */
export interface TextWeightsParts {
  analyzer: Analyzer;
  bm25: Pick<Bm25, 'idf' | 'norm' | 'queryWeight'>;
  /** How many documents hold a term. */
  docFreq: (term: string) => number;
}

/**
 * BM25 of texts themselves, w(t, d) of every term: for comparing the few documents that a question brought up. Nothing is read
 * from the postings but how many documents hold a term. A text from elsewhere is weighed as though it were a document.
 */
export class TextWeights {
  /** Term → its idf, 0 for a term that no document holds. */
  readonly #idfs = new Map<string, number>();

  constructor(private readonly parts: TextWeightsParts) {}

  /** Σ of query weight × w(t, d): what a search for the query scores the text, were it a document. */
  score(query: string, text: string, weighting: Weighting): number {
    const { analyzer, bm25 } = this.parts;
    const known = [...countsOf(analyzer.tokens(query))].filter(([term]) => this.#idf(term) > 0);
    const queryLength = known.reduce((sum, [, tf]) => sum + tf, 0);
    const weights = this.#weights(text);
    return known.reduce((sum, [term, tf]) => {
      const queryWeight = bm25.queryWeight(this.#idf(term), tf, queryLength, weighting);
      return sum + queryWeight * (weights.get(term) ?? 0);
    }, 0);
  }

  /** The cosine of the weight vectors of `text` and each of `others`: from 0, no term in common, to 1. */
  cosines(text: string, others: readonly string[]): number[] {
    const own = this.#weights(text);
    let ownSquares = 0;
    for (const weight of own.values()) ownSquares += weight * weight;
    return others.map((other) => {
      let dot = 0;
      let squares = 0;
      for (const [term, weight] of this.#weights(other)) {
        squares += weight * weight;
        const ownWeight = own.get(term);
        if (ownWeight !== undefined) dot += weight * ownWeight;
      }
      return dot === 0 ? 0 : Math.min(1, dot / Math.sqrt(squares * ownSquares));
    });
  }

  #weights(text: string): Map<string, number> {
    const tokens = this.parts.analyzer.tokens(text);
    const norm = this.parts.bm25.norm(tokens.length);
    const weights = countsOf(tokens);
    for (const [term, tf] of weights) weights.set(term, (this.#idf(term) * tf) / (tf + norm));
    return weights;
  }

  #idf(term: string): number {
    const known = this.#idfs.get(term);
    if (known !== undefined) return known;
    const docFreq = this.parts.docFreq(term);
    const idf = docFreq === 0 ? 0 : this.parts.bm25.idf(docFreq);
    if (this.#idfs.size >= CACHED_TERMS) this.#idfs.clear();
    this.#idfs.set(term, idf);
    return idf;
  }
}

function countsOf(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
