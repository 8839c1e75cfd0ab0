// Run by bench/search.ts: CORPUS QUERIES FOLDER HITS. SQLite's FTS5 with its porter tokenizer and its own bm25 (k1 = 1.2, b = 0.75).
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type PeerResult, rateWithin, readAll, readEntries } from './peer.js';

interface Database {
  exec(sql: string): void;
  prepare(sql: string): {
    run(...values: unknown[]): unknown;
    all(...values: unknown[]): { id: string; score: number }[];
  };
}

const [corpus, queriesFile, folder, hitsFile] = process.argv.slice(2) as [string, string, string, string];
const sqlite = 'node:sqlite';
const { DatabaseSync } = (await import(sqlite)) as { DatabaseSync: new (file: string) => Database };

mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'fts5.db');
const db = new DatabaseSync(file);
db.exec(
  "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE t USING fts5(id UNINDEXED, text, content='', contentless_delete=0, tokenize='porter unicode61')",
);
const startedMs = performance.now();
const ids: string[] = [];
const insert = db.prepare('INSERT INTO t(rowid, text) VALUES (?, ?)');
db.exec('BEGIN');
for await (const { id, text } of readEntries(corpus)) insert.run(ids.push(id), text);
db.exec("COMMIT; INSERT INTO t(t) VALUES ('optimize')");
const buildSeconds = (performance.now() - startedMs) / 1000;
console.error(`searching in process ${process.pid}`);
const select = db.prepare('SELECT rowid AS id, -rank AS score FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?');
const match = (text: string) =>
  [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))].map((word) => `"${word}"`).join(' OR ');
const search = (text: string, k: number) => select.all(match(text), k);
const queries = readAll(queriesFile);
const hits = queries.slice(0, 50).map(({ id, text }) => {
  const found = search(text, 10).map((hit) => [ids[Number(hit.id) - 1], hit.score]);
  return JSON.stringify({ id, hits: found });
});
writeFileSync(hitsFile, `${hits.join('\n')}\n`);
const result: PeerResult = {
  docs: ids.length,
  buildSeconds,
  indexBytes: statSync(file).size,
  k10: await rateWithin(queries, (text) => search(text, 10)),
  k100: await rateWithin(queries, (text) => search(text, 100)),
  ranking:
    'its own: unicode61 words stemmed by porter, no stop words, k1 1.2, b 0.75, an idf without the 1 under the logarithm',
};
console.log(JSON.stringify(result));
