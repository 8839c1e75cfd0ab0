import { readFileSync } from 'node:fs';

/** Reads `queryId docId relevance`, and returns the ids of the relevant documents of each query. */
export function relevantDocuments(file: string): Map<string, Set<string>> {
  const relevant = new Map<string, Set<string>>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [query, document, relevance] = line.split(/\s+/);
    if (!query || !document || !(Number(relevance) > 0)) continue;
    relevant.set(query, (relevant.get(query) ?? new Set()).add(document));
  }
  return relevant;
}
