import type { Weighting } from '../../src/search/searcher.js';

/** BM25 by its definition, over documents given as lists of terms. */
export function bruteForce(
  documents: string[][],
  query: string[],
  k: number,
  weighting: Weighting,
  { k1 = 0.9, b = 0.4 } = {},
): { docId: number; score: number }[] {
  const withTerms = documents.filter((terms) => terms.length > 0);
  const total = withTerms.length;
  const avgDocLength = withTerms.reduce((sum, terms) => sum + terms.length, 0) / total;
  const count = (terms: string[], term: string) => terms.filter((other) => other === term).length;
  const docFreq = (term: string) => documents.filter((terms) => terms.includes(term)).length;
  const known = query.filter((term) => docFreq(term) > 0);
  const weight = (term: string, terms: string[]) => {
    const df = docFreq(term);
    const idf = Math.log(1 + (total - df + 0.5) / (df + 0.5));
    const tf = count(terms, term);
    return (idf * tf) / (tf + k1 * (1 - b + (b * terms.length) / avgDocLength));
  };
  return documents
    .map((terms, docId) => {
      let score = 0;
      for (const term of new Set(known)) {
        const queryWeight = weighting === 'lucene' ? count(known, term) : weight(term, known);
        score += queryWeight * (terms.includes(term) ? weight(term, terms) : 0);
      }
      return { docId, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.docId - b.docId)
    .slice(0, k);
}
