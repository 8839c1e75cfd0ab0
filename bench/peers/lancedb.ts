// Run by bench/search.ts: CORPUS QUERIES FOLDER HITS. LanceDB's full-text index: its BM25, English stems, on disk.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Entry, type PeerResult, rateWithin, readAll, readEntries } from './peer.js';

interface Table {
  add(rows: Entry[]): Promise<unknown>;
  createIndex(column: string, options: object): Promise<void>;
  query(): {
    fullTextSearch(query: unknown): { select(columns: string[]): { limit(k: number): { toArray(): Promise<Hit[]> } } };
  };
}

interface Hit {
  id: string;
  _score: number;
}

interface LanceDb {
  connect(folder: string): Promise<{ createTable(name: string, rows: Entry[]): Promise<Table> }>;
  Index: { fts(options: object): unknown };
  MatchQuery: new (query: string, column: string) => unknown;
}

const [corpus, queriesFile, folder, hitsFile] = process.argv.slice(2) as [string, string, string, string];
// With the threads that it takes on two cores, its build of over 15,000 documents waits for itself and never ends (0.31.0).
process.env.LANCE_CPU_THREADS ??= '8';
const name = '@lancedb/lancedb';
const { connect, Index, MatchQuery } = (await import(name)) as unknown as LanceDb;
const ROWS_AT_ONCE = 10_000;

const startedMs = performance.now();
const database = await connect(folder);
let table: Table | undefined;
let docs = 0;
let rows: Entry[] = [];
for await (const { id, text } of readEntries(corpus)) {
  rows.push({ id, text });
  if (rows.length === ROWS_AT_ONCE) await flush();
}
if (rows.length > 0) await flush();
const written = table as unknown as Table;
await written.createIndex('text', {
  config: Index.fts({
    withPosition: false,
    baseTokenizer: 'simple',
    language: 'English',
    stem: true,
    removeStopWords: true,
  }),
});
const buildSeconds = (performance.now() - startedMs) / 1000;

const search = async (text: string, k: number) =>
  written.query().fullTextSearch(new MatchQuery(text, 'text')).select(['id', '_score']).limit(k).toArray();

console.error(`searching in process ${process.pid}`);
const queries = readAll(queriesFile);
const hits: string[] = [];
for (const { id, text } of queries) {
  const found = await search(text, 10);
  hits.push(JSON.stringify({ id, hits: found.map((hit) => [hit.id, hit._score]) }));
}
writeFileSync(hitsFile, `${hits.join('\n')}\n`);
const result: PeerResult = {
  docs,
  buildSeconds,
  indexBytes: bytesOf(folder),
  k10: await rateWithin(queries, (text) => search(text, 10)),
  k100: await rateWithin(queries, (text) => search(text, 100)),
  ranking:
    'its own: its simple tokenizer, English stems and stop words, k1 1.2, b 0.75; the texts are stored, and threads are used as it likes',
};
console.log(JSON.stringify(result));
process.exit(0);

async function flush(): Promise<void> {
  if (table === undefined) table = await database.createTable('documents', rows);
  else await table.add(rows);
  docs += rows.length;
  rows = [];
}

function bytesOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.map((entry) => statSync(path.join(folder, entry))).reduce((sum, { size }) => sum + size, 0);
}
