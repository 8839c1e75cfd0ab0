/**
 * Question: how do the costs of an index grow with its corpus? At each size, the corpus is indexed without texts in one process and searched in
 * another; if it is too short, it is repeated with other ids, read from its file each time. Queries are runs of 30 words cut out of
 * it by a seed; times are medians of five rounds over all queries, in one thread, after one that warms up. Memory is RssAnon. The first
 * queries' top 10 are compared with exhaustive scoring. One JSON line a size.
 *
 * usage: npm run -s bench -- growth --corpus FILE[.gz] [--sizes 1000,10000,100000,1000000] [--queries 100] [--checked 10] [--threads 1]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readJsonl } from '../src/io/read/readJsonl.js';
import { writeJsonl } from '../src/io/write/writeJsonl.js';
import { placeOf, rememberPlace } from '../src/record.js';
import { openIndex } from '../src/search/bm25Index.js';
import { buildIndex } from '../src/search/indexing/buildIndex.js';
import { type Entry, rate, readAll, readEntries } from './peers/peer.js';
import { exhaustiveTop10 } from './support/exhaustive.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    sizes: { type: 'string', default: '1000,10000,100000,1000000' },
    queries: { type: 'string', default: '100' },
    checked: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    /** The task of a child of the bench: build or search, in the folder. */
    role: { type: 'string' },
    folder: { type: 'string' },
  },
});
const WORDS_PER_QUERY = 30;

/** `size` documents: the corpus, again and again, under other ids. */
async function* repeated(corpus: string, size: number): AsyncGenerator<{ id: string; text: string }> {
  for (let left = size, time = 0; left > 0; time++) {
    for await (const record of readJsonl(corpus, { places: true })) {
      if (left-- <= 0) return;
      const again = { id: `${record.id}#${time}`, text: record.text as string };
      rememberPlace(again, placeOf(record) as NonNullable<ReturnType<typeof placeOf>>);
      yield again;
    }
  }
}

async function build(corpus: string, folder: string, size: number): Promise<unknown> {
  let peak = 0;
  const sample = () => {
    peak = Math.max(peak, anonymousMb());
  };
  const sampling = setInterval(sample, 50);
  const stats = await buildIndex(repeated(corpus, size), path.join(folder, 'index'), {
    store: false,
    threads: Number(values.threads),
    onProgress: sample,
  });
  clearInterval(sampling);
  const { docs, seconds, docsPerSecond, postings, indexBytes } = stats;
  return {
    docs,
    buildSeconds: round(seconds, 2),
    docsPerSecond: round(docsPerSecond),
    postings,
    indexBytes,
    bytesPerPosting: round(indexBytes / postings, 2),
    buildAnonymousMb: peak,
  };
}

async function search(corpus: string, folder: string, size: number): Promise<unknown> {
  const queries = readAll(path.join(folder, 'queries.jsonl'));
  const openMs: number[] = [];
  for (let time = 0; time < 5; time++) {
    const startedMs = performance.now();
    const opened = await openIndex(path.join(folder, 'index'));
    openMs.push(performance.now() - startedMs);
    await opened.close();
  }
  await using index = await openIndex(path.join(folder, 'index'));
  let peak = 0;
  const msPerQuery = async (k: number) => {
    const once = async (text: string) => {
      await index.search(text, { k });
      peak = Math.max(peak, anonymousMb());
    };
    for (const { text } of queries) await once(text);
    return round(1000 / (await rate(queries, (text) => index.search(text, { k }))), 2);
  };
  const figures = {
    firstOpenMs: round(openMs[0] as number, 1),
    openMs: round(openMs.sort((a, b) => a - b)[2] as number, 1),
    msPerQueryK10: await msPerQuery(10),
    msPerQueryK100: await msPerQuery(100),
    searchAnonymousMb: peak,
  };
  const checked = queries.slice(0, Number(values.checked));
  const wanted = await exhaustiveTop10(repeated(corpus, size), checked);
  let exact = 0;
  for (const { id, text } of checked) {
    const hits = await index.search(text, { k: 10 });
    if (hits.map((hit) => hit.id).join() === wanted.get(id)?.join()) exact++;
  }
  return { ...figures, exactTop10: `${exact} of ${checked.length}` };
}

/** Runs of words out of documents that a seed chooses (Park and Miller's minimal standard generator). */
async function cutQueries(corpus: string): Promise<Entry[]> {
  let state = 1;
  const below = (limit: number) => {
    state = (state * 48271) % 2147483647;
    return Math.floor((state / 2147483647) * limit);
  };
  const queries: Entry[] = [];
  for await (const { text } of readEntries(corpus)) {
    if (below(100) > 0) continue;
    const words = text.split(/\s+/);
    const from = below(Math.max(1, words.length - WORDS_PER_QUERY + 1));
    queries.push({ id: `q${queries.length}`, text: words.slice(from, from + WORDS_PER_QUERY).join(' ') });
    if (queries.length === Number(values.queries)) break;
  }
  return queries;
}

/** RssAnon, from Linux's /proc. */
function anonymousMb(): number {
  return round(Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024);
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

function child(role: string, folder: string, size: number): object {
  const args = [...process.execArgv, import.meta.filename, '--role', role, '--folder', folder, '--sizes', String(size)];
  const passed = [
    '--corpus',
    path.join(folder, 'corpus.jsonl'),
    '--checked',
    values.checked,
    '--threads',
    values.threads,
  ];
  const { status, stdout } = spawnSync(process.execPath, [...args, ...passed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${role} of ${size} documents failed`);
  return JSON.parse(stdout.toString()) as object;
}

if (values.corpus === undefined) throw new Error('--corpus FILE is needed');
if (values.role !== undefined && values.folder !== undefined) {
  const work = values.role === 'build' ? build : search;
  console.log(JSON.stringify(await work(values.corpus, values.folder, Number(values.sizes))));
} else {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-growth-'));
  try {
    const corpus = path.join(folder, 'corpus.jsonl');
    for await (const _ of writeJsonl(corpus)(readJsonl(values.corpus)));
    const queries = await cutQueries(corpus);
    await writeFile(path.join(folder, 'queries.jsonl'), queries.map((query) => `${JSON.stringify(query)}\n`).join(''));
    for (const size of values.sizes.split(',').map(Number)) {
      const figures = { ...child('build', folder, size), ...child('search', folder, size) };
      console.log(JSON.stringify({ bench: 'growth', threads: Number(values.threads), ...figures }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
