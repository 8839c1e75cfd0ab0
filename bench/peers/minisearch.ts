// Run by bench/search.ts: CORPUS QUERIES FOLDER HITS. MiniSearch, in memory, with its own tokenizer and its BM25+.
import { writeFileSync } from 'node:fs';
import { type Entry, type PeerResult, rateWithin, readAll, readEntries } from './peer.js';

interface MiniSearch {
  add(entry: Entry): void;
  search(text: string): { id: string; score: number }[];
}

const [corpus, queriesFile, , hitsFile] = process.argv.slice(2) as [string, string, string, string];
const name = 'minisearch';
const { default: Index } = (await import(name)) as { default: new (options: { fields: string[] }) => MiniSearch };

const index = new Index({ fields: ['text'] });
const startedMs = performance.now();
let docs = 0;
for await (const entry of readEntries(corpus)) {
  index.add(entry);
  docs++;
}
const buildSeconds = (performance.now() - startedMs) / 1000;
console.error(`searching in process ${process.pid}`);
const queries = readAll(queriesFile);
const hits = queries.slice(0, 20).map(({ id, text }) => {
  const found = index.search(text).slice(0, 10);
  return JSON.stringify({ id, hits: found.map((hit) => [hit.id, hit.score]) });
});
writeFileSync(hitsFile, `${hits.join('\n')}\n`);
const result: PeerResult = {
  docs,
  buildSeconds,
  indexBytes: 0,
  k10: await rateWithin(queries, (text) => index.search(text).slice(0, 10)),
  k100: await rateWithin(queries, (text) => index.search(text).slice(0, 100)),
  ranking:
    'its own: words as written, BM25+ (k 1.2, b 0.7, d 0.5) times the number of terms found, lengths in distinct terms',
};
console.log(JSON.stringify(result));
