import type { Weighting } from '../searcher.js';

/** The largest impact: tf / (tf + norm) = 1. */
export const MAX_IMPACT = 255;
/** The number of levels that document lengths are rounded to in bounds. */
const LEVELS = 256;
/** Documents longer than this many times the mean length are all in the last level. */
const LEVELED_LENGTHS = 8;
/** Impacts are known by tf up to here; a larger one has the largest. */
export const MAX_IMPACT_TF = 63;

/** The tables that give the impact of a posting. */
export interface Impacts {
  /** That of a tf up to MAX_IMPACT_TF in a document of a level: at tf · 256 + level. */
  impacts: Uint8Array;
  /** The level of every document. */
  levels: Uint8Array;
}

/** The statistics of a collection that BM25 uses. */
export interface Bm25Statistics {
  /** N: the number of documents with at least one term, as Lucene's docCount. */
  docsWithTerms: number;
  sumDocLength: number;
}

/**
 * The parts of BM25 as Lucene has it, without the factor k1 + 1 (S. Robertson and H. Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009, eq. 3.15, with an idf that is never negative):
 * idf(t) = ln(1 + (N − df + 0.5) / (df + 0.5)), w(t, d) = idf(t) · tf / (tf + k1 · (1 − b + b · |d| / avgdl)).
 * N and avgdl count the documents that have a term at all.
 *
 * Bounds come in whole numbers: the impact of a posting is tf / (tf + norm) as a part of MAX_IMPACT, never rounded down, and the norm
 * is one of 256 levels, never rounded up.
 */
export class Bm25 {
  readonly #k1: number;
  readonly #b: number;
  readonly #docsWithTerms: number;
  readonly avgDocLength: number;
  readonly #segments = new WeakMap<object, Impacts>();
  readonly #impacts = new Uint8Array((MAX_IMPACT_TF + 1) * LEVELS).fill(MAX_IMPACT);
  readonly #levelStep: number;

  constructor(parts: readonly Bm25Statistics[], { k1, b }: { k1: number; b: number }) {
    this.#k1 = k1;
    this.#b = b;
    this.#docsWithTerms = parts.reduce((sum, { docsWithTerms }) => sum + docsWithTerms, 0);
    const sumDocLength = parts.reduce((sum, part) => sum + part.sumDocLength, 0);
    this.avgDocLength = this.#docsWithTerms === 0 ? 0 : sumDocLength / this.#docsWithTerms;
    const least = this.norm(0);
    this.#levelStep = (this.norm(LEVELED_LENGTHS * this.avgDocLength) - least) / LEVELS;
    for (let tf = 0; tf < MAX_IMPACT_TF; tf++) {
      for (let level = 0; level < LEVELS; level++) {
        this.#impacts[tf * LEVELS + level] = impactOf(tf, least + level * this.#levelStep);
      }
    }
  }

  norm(length: number): number {
    return this.avgDocLength === 0 ? 0 : this.#k1 * (1 - this.#b + (this.#b * length) / this.avgDocLength);
  }

  idf(docFreq: number): number {
    return Math.log(1 + (this.#docsWithTerms - docFreq + 0.5) / (docFreq + 0.5));
  }

  /** w(t, d) of a document of `length` that has the term `tf` times. */
  weight(idf: number, tf: number, length: number): number {
    return (idf * tf) / (tf + this.norm(length));
  }

  /** Returns the weight of a query term that occurs `tf` times in a query of `queryLength` known terms. */
  queryWeight(idf: number, tf: number, queryLength: number, weighting: Weighting): number {
    return weighting === 'lucene' ? tf : (idf * tf) / (tf + this.norm(queryLength));
  }

  impact(tf: number, length: number): number {
    return impactOf(tf, this.norm(length));
  }

  /** Returns the impact tables of a segment. */
  impactsOf(segment: { docLengths: Uint32Array }): Impacts {
    const known = this.#segments.get(segment);
    if (known !== undefined) return known;
    const found = { impacts: this.#impacts, levels: this.#levels(segment.docLengths) };
    this.#segments.set(segment, found);
    return found;
  }

  #levels(lengths: Uint32Array): Uint8Array {
    const levels = new Uint8Array(lengths.length);
    if (this.#levelStep === 0) return levels;
    const lengthsPerLevel = (LEVELED_LENGTHS * this.avgDocLength) / LEVELS;
    for (let doc = 0; doc < lengths.length; doc++) {
      levels[doc] = Math.min(LEVELS - 1, Math.floor((lengths[doc] as number) / lengthsPerLevel));
    }
    return levels;
  }
}

function impactOf(tf: number, norm: number): number {
  return Math.ceil((MAX_IMPACT * tf) / (tf + norm));
}
