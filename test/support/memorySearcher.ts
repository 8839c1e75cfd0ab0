import type { Hit, Searcher } from '../../src/search/searcher.js';

/** Makes a Searcher over a few documents: the score is the number of shared words, the similarity their cosine. */
export function memorySearcher(documents: { id: string; text: string }[]): Searcher {
  const words = (text: string) => new Set(text.toLowerCase().match(/\w+/g) ?? []);
  const shared = (a: Set<string>, b: Set<string>) => [...a].filter((word) => b.has(word)).length;
  const text = (docId: number) => documents[docId]?.text ?? assertNever(docId);
  return {
    docCount: documents.length,
    async search(query, { k = 10 } = {}) {
      const asked = words(query);
      return documents
        .map(({ id, text }, docId): Hit => {
          return { id, docId, score: shared(words(text), asked), rank: 0 };
        })
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || a.docId - b.docId)
        .slice(0, k)
        .map((hit, place) => ({ ...hit, rank: place + 1 }));
    },
    text,
    id: (docId) => documents[docId]?.id ?? assertNever(docId),
    docIds: (id) => [...documents.keys()].filter((docId) => documents[docId]?.id === id),
    score: async (query, text) => shared(words(text), words(query)),
    similarities: async (own, others) =>
      others.map(({ docId }) => {
        const [a, b] = [words(own), words(text(docId))];
        return a.size === 0 || b.size === 0 ? 0 : shared(a, b) / Math.sqrt(a.size * b.size);
      }),
  };
}

function assertNever(docId: number): never {
  throw new RangeError(`no document ${docId}`);
}
