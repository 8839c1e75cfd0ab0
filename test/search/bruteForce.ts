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

/** As `bruteForce`, for many queries of many documents: every posting of every term of the query is counted in its order. */
export function bruteForceIndex(documents: string[][], { k1 = 0.9, b = 0.4 } = {}) {
  const postings = new Map<string, Map<number, number>>();
  documents.forEach((terms, docId) => {
    for (const term of terms) {
      const tfs = postings.get(term) ?? new Map<number, number>();
      postings.set(term, tfs.set(docId, (tfs.get(docId) ?? 0) + 1));
    }
  });
  const lengths = documents.map((terms) => terms.length).filter((length) => length > 0);
  const avgDocLength = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const norm = (length: number) => k1 * (1 - b + (b * length) / avgDocLength);
  return (query: string[], k: number, weighting: Weighting): { docId: number; score: number }[] => {
    const known = query.filter((term) => postings.has(term));
    const scores = new Map<number, number>();
    for (const term of new Set(known)) {
      const tfs = postings.get(term) as Map<number, number>;
      const idf = Math.log(1 + (lengths.length - tfs.size + 0.5) / (tfs.size + 0.5));
      const inQuery = known.filter((other) => other === term).length;
      const queryWeight = weighting === 'lucene' ? inQuery : (idf * inQuery) / (inQuery + norm(known.length));
      for (const [docId, tf] of tfs) {
        const weight = (idf * tf) / (tf + norm((documents[docId] as string[]).length));
        scores.set(docId, (scores.get(docId) ?? 0) + queryWeight * weight);
      }
    }
    return [...scores]
      .map(([docId, score]) => ({ docId, score }))
      .sort((a, b) => b.score - a.score || a.docId - b.docId)
      .slice(0, k);
  };
}
