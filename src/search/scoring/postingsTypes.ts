import type { Impacts } from './bm25.js';

/** Documents whose bounds or scores are added up together: few enough for the processor's first cache. */
export const BLOCK_DOCS = 2 ** 13;
/** Greater than every document id. */
export const END = 0x7fffffff;

/** The postings of a term in one segment, read by a search that asks for documents in ascending order. */
export interface Postings {
  /** Adds factor · impact to the bound of every document of the block that begins at `firstDoc`. */
  addTo(bounds: Int32Array, firstDoc: number, factor: number, impacts: Impacts): void;
  /** The largest impact that a document can have. Reads no postings. */
  maxImpactAt(docId: number): number;
  /** The impact of a document; 0 if it does not have the term. */
  impactOf(docId: number, impacts: Impacts): number;
  /** Returns the frequency of the term in a document. */
  tfOf(docId: number): number;
}
