import type { AnalyzerOption } from '../analysis/analyzer.js';
import { detectAnalyzer } from '../analysis/detectAnalyzer.js';
import { analyzerOfOption } from '../analysis/registry.js';

export interface IndexEstimateOptions {
  /** The texts of a random sample of the documents. */
  texts: readonly string[];
  /** The number of documents that they represent. */
  documents: number;
  /** Default `auto`: chosen by the texts. */
  analyzer?: AnalyzerOption | undefined;
  /** Default true: the texts are copied into the index. */
  store?: boolean | undefined;
}

/** Bytes of an empty index, and for each posting, term and document, fitted to indexes of 1 to 116,262 documents. */
const INDEX_BYTES = { empty: 65_000, posting: 1.5, term: 8, document: 6 };

/**
 * Estimates the bytes of an index. Texts and postings grow with the documents; terms grow by Heaps' law, with the exponent by which
 * the whole sample has more of them than its half.
 */
export function estimateIndexBytes({
  texts,
  documents,
  analyzer = 'auto',
  store = true,
}: IndexEstimateOptions): number {
  if (texts.length === 0) return 0;
  const analysis = analyzerOfOption(analyzer === 'auto' ? detectAnalyzer(texts) : analyzer);
  const terms = new Set<string>();
  let termsOfHalf = 0;
  let postings = 0;
  let textBytes = 0;
  for (const [index, text] of texts.entries()) {
    if (index === texts.length >> 1) termsOfHalf = terms.size;
    const ofText = new Set(analysis.tokens(text));
    postings += ofText.size;
    for (const term of ofText) terms.add(term);
    textBytes += Buffer.byteLength(text);
  }
  const scale = documents / texts.length;
  const exponent = termsOfHalf === 0 ? 1 : Math.log2(terms.size / termsOfHalf);
  const perDocument = (store ? textBytes : 0) + INDEX_BYTES.posting * postings + INDEX_BYTES.document * texts.length;
  return Math.round(INDEX_BYTES.empty + scale * perDocument + INDEX_BYTES.term * terms.size * scale ** exponent);
}
