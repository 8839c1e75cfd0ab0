import type { Hit, Searcher } from '../../src/search/searcher.js';

/** A Searcher over a few documents: the score is the number of shared words. */
export function memorySearcher(documents: { id: string; text: string }[]): Searcher {
  const words = (text: string) => new Set(text.toLowerCase().match(/\w+/g) ?? []);
  return {
    async search(query, { k = 10 } = {}) {
      const asked = words(query);
      return documents
        .map(({ id, text }, docId): Hit => {
          const score = [...words(text)].filter((word) => asked.has(word)).length;
          return { id, docId, score, rank: 0 };
        })
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || a.docId - b.docId)
        .slice(0, k)
        .map((hit, place) => ({ ...hit, rank: place + 1 }));
    },
    text: (docId) => documents[docId]?.text ?? assertNever(docId),
    docIds: (id) => [...documents.keys()].filter((docId) => documents[docId]?.id === id),
  };
}

function assertNever(docId: number): never {
  throw new RangeError(`no document ${docId}`);
}
