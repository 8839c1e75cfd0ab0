import { analyzerNamed } from '../../src/search/analysis/registry.js';
import { type Entry, readEntries } from '../peers/peer.js';

/** The top 10 of every query by the definition of BM25 (k1 = 0.9, b = 0.4) in double precision, ties in corpus order; ids. */
export async function exhaustiveTop10(
  corpus: string | AsyncIterable<Entry>,
  queries: readonly Entry[],
): Promise<Map<string, string[]>> {
  const analyzer = analyzerNamed('english');
  const asked = queries.map(({ id, text }) => ({ id, tokens: analyzer.tokens(text) }));
  const postings = new Map<string, { docs: number[]; tfs: number[] }>();
  for (const { tokens } of asked) for (const token of tokens) postings.set(token, { docs: [], tfs: [] });
  const ids: string[] = [];
  const lengths: number[] = [];
  for await (const { id, text } of typeof corpus === 'string' ? readEntries(corpus) : corpus) {
    const tfs = new Map<string, number>();
    const tokens = analyzer.tokens(text);
    for (const token of tokens) if (postings.has(token)) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    for (const [token, tf] of tfs) {
      postings.get(token)?.docs.push(ids.length);
      postings.get(token)?.tfs.push(tf);
    }
    ids.push(id);
    lengths.push(tokens.length);
  }
  const withTerms = lengths.filter((length) => length > 0);
  const avgDocLength = withTerms.reduce((sum, length) => sum + length, 0) / withTerms.length;
  const scores = new Float64Array(ids.length);
  const top10 = new Map<string, string[]>();
  for (const { id, tokens } of asked) {
    scores.fill(0);
    for (const token of new Set(tokens)) {
      const { docs, tfs } = postings.get(token) as { docs: number[]; tfs: number[] };
      const idf = Math.log(1 + (withTerms.length - docs.length + 0.5) / (docs.length + 0.5));
      const inQuery = tokens.filter((other) => other === token).length;
      for (let at = 0; at < docs.length; at++) {
        const doc = docs[at] as number;
        const tf = tfs[at] as number;
        const norm = 0.9 * (1 - 0.4 + (0.4 * (lengths[doc] as number)) / avgDocLength);
        scores[doc] = (scores[doc] as number) + inQuery * ((idf * tf) / (tf + norm));
      }
    }
    top10.set(
      id,
      best(scores, 10).map((doc) => ids[doc] as string),
    );
  }
  return top10;
}

function best(scores: Float64Array, k: number): number[] {
  const kept: number[] = [];
  const score = (doc: number) => scores[doc] as number;
  for (let doc = 0; doc < scores.length; doc++) {
    if (score(doc) === 0) continue;
    if (kept.length === k && score(doc) <= score(kept[k - 1] as number)) continue;
    const place = kept.findIndex((other) => score(other) < score(doc));
    kept.splice(place < 0 ? kept.length : place, 0, doc);
    if (kept.length > k) kept.pop();
  }
  return kept;
}
