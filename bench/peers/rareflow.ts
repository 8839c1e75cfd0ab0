// Run by bench/search.ts: CORPUS QUERIES FOLDER HITS. Builds without texts, as the Lucene peer does; then searches, in one thread of a
// process of its own, so that its memory is that of a search alone.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readJsonl } from '../../src/io/read/readJsonl.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { type PeerResult, rate, readAll } from './peer.js';

const [corpus, queriesFile, folder, hitsFile, built] = process.argv.slice(2) as string[];
if (built === undefined) await build(corpus as string, folder as string);
else await search(queriesFile as string, folder as string, hitsFile as string, JSON.parse(built));

async function build(corpus: string, folder: string): Promise<void> {
  const { docs, seconds, indexBytes } = await buildIndex(readJsonl(corpus, { places: true }), folder, {
    store: false,
    analyzer: 'english',
  });
  const figures = JSON.stringify({ docs, buildSeconds: seconds, indexBytes });
  const args = [...process.execArgv, ...process.argv.slice(1), figures];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

async function search(
  queriesFile: string,
  folder: string,
  hitsFile: string,
  figures: Pick<PeerResult, 'docs' | 'buildSeconds' | 'indexBytes'>,
): Promise<void> {
  console.error(`searching in process ${process.pid}`);
  await using index = await openIndex(folder);
  const queries = readAll(queriesFile);
  const hits: string[] = [];
  const startedMs = performance.now();
  for (const { id, text } of queries) {
    const found = await index.search(text, { k: 10 });
    hits.push(JSON.stringify({ id, hits: found.map((hit) => [hit.id, hit.score]) }));
  }
  const first = queries.length / ((performance.now() - startedMs) / 1000);
  writeFileSync(hitsFile, `${hits.join('\n')}\n`);
  const k10 = await rate(queries, (text) => index.search(text, { k: 10 }));
  const k100 = await rate(queries, (text) => index.search(text, { k: 100 }));
  console.log(JSON.stringify({ ...figures, first, k10, k100 } satisfies PeerResult));
}
