/**
 * Question: how fast is the index compared with its peers, and are its answers exact? Every system reads the same file of {"id", "text"} in a process
 * of its own, builds without texts, and answers the same queries in one thread; rounds alternate between the systems and medians
 * are printed, one JSON line a system. The first pass is that of a process which has not searched before (Lucene's has built the index). Memory is RssAnon of the process, sampled; rareflow searches in a process of its own. Every top 10 is compared with exhaustive scoring.
 * Lucene rounds document lengths to a byte and counts in single precision, so near-ties may have another order there. FTS5,
 * MiniSearch, Xapian and LanceDB rank otherwise (`ranking` says how): what part of the exhaustive top 10 they find is `sharedTop10`.
 *
 * usage: npm run -s bench -- search --corpus FILE[.gz] (--queries FILE | --cut-queries N [--seed S]) [--rounds 3] [--systems a,b]
 *   [--limit DOCS] (FTS5 needs Node 22 on; minisearch, xapian and lancedb must be named)
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { type Entry, type PeerResult, readAll, readEntries } from './peers/peer.js';
import { exhaustiveTop10 } from './support/exhaustive.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    queries: { type: 'string' },
    'cut-queries': { type: 'string' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    limit: { type: 'string', default: 'Infinity' },
    systems: { type: 'string', default: 'rareflow,lucene,fts5' },
  },
});
const WORDS_PER_QUERY = 30;
const SAMPLE_EVERY_MS = 50;
const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-bench-'));
const corpus = path.join(folder, 'corpus.jsonl');
const queriesFile = path.join(folder, 'queries.jsonl');
const peers = path.join(import.meta.dirname, 'peers');
/** The folder that the peers and their imports are compiled to: a loader of TypeScript would count as their memory. */
const compiled = path.join(import.meta.dirname, '../node_modules/.cache/rareflow-bench');
const require = createRequire(import.meta.url);

type Run = PeerResult & {
  peakBytes: number;
  searchPeakBytes: number;
  exactTop10: number;
  sharedTop10: number;
  checked: number;
};

interface System {
  command: string[];
  /** The missing part, if it cannot run. */
  missing: () => string | undefined;
}

const systems: Record<string, System> = {
  rareflow: { command: node('rareflow.js'), missing: () => undefined },
  lucene: {
    command: ['bash', path.join(peers, 'lucene/run.sh'), 'rates'],
    missing: () =>
      existsSync('/usr/share/java/lucene-core-8.7.0.jar') && spawnSync('java', ['-version']).status === 0
        ? undefined
        : 'apt-get install -y liblucene8-java, and a JDK',
  },
  fts5: {
    command: node('fts5.js'),
    missing: () => (canResolve('node:sqlite') ? undefined : `Node ${process.version} has no node:sqlite`),
  },
  minisearch: {
    command: node('minisearch.js', '--max-old-space-size=16384'),
    missing: () => (canResolve('minisearch') ? undefined : 'minisearch is not installed'),
  },
  xapian: {
    command: ['/usr/bin/python3', path.join(peers, 'xapianPeer.py')],
    missing: () =>
      spawnSync('/usr/bin/python3', ['-c', 'import xapian']).status === 0
        ? undefined
        : 'apt-get install -y python3-xapian',
  },
  lancedb: {
    command: node('lancedb.js'),
    missing: () =>
      canResolve('@lancedb/lancedb') ? undefined : 'npm install --no-save @lancedb/lancedb@0.31.0 apache-arrow@18',
  },
};

function node(file: string, ...options: string[]): string[] {
  return [process.execPath, ...options, path.join(compiled, 'bench/peers', file)];
}

function canResolve(name: string): boolean {
  try {
    require(name);
    return true;
  } catch {
    return false;
  }
}

try {
  await prepare();
  await compile();
  const queries = readAll(queriesFile);
  const wanted = await exhaustiveTop10(corpus, queries);
  const runs = new Map<string, Run[]>();
  for (const name of values.systems.split(',')) {
    const missing = systems[name] === undefined ? 'no such system' : systems[name].missing();
    if (missing === undefined) runs.set(name, []);
    else print({ system: name, skipped: missing });
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, done] of runs) done.push(await measure(name, wanted));
  }
  for (const [name, done] of runs) report(name, done, queries.length);
} finally {
  await rm(folder, { recursive: true });
}

/** Writes the corpus with its ids and texts alone, and the queries. */
async function prepare(): Promise<void> {
  if (values.corpus === undefined) throw new Error('--corpus FILE is needed');
  const file = createReadStream(values.corpus);
  const input = values.corpus.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  let docs = 0;
  const lines = async function* () {
    for await (const line of createInterface({ input })) {
      if (line.trim() === '') continue;
      if (docs === Number(values.limit)) break;
      const { id, text } = JSON.parse(line) as Entry;
      docs++;
      yield `${JSON.stringify({ id, text })}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(corpus));
  const queries = values.queries === undefined ? await cutQueries(docs) : readAll(values.queries);
  await writeFile(queriesFile, queries.map(({ id, text }) => `${JSON.stringify({ id, text })}\n`).join(''));
}

async function compile(): Promise<void> {
  await mkdir(compiled, { recursive: true });
  await writeFile(path.join(compiled, 'package.json'), '{ "type": "module" }');
  const root = path.join(import.meta.dirname, '..');
  const files = ['rareflow', 'fts5', 'minisearch', 'lancedb'].map((name) => path.join(peers, `${name}.ts`));
  const options = [
    '--rootDir',
    root,
    '--outDir',
    compiled,
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--noCheck',
    '--ignoreConfig',
  ];
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...files, ...options]);
}

/** Runs of 30 words out of documents chosen by the seed (Park and Miller's minimal standard generator). */
async function cutQueries(docs: number): Promise<Entry[]> {
  let state = Number(values.seed);
  const below = (limit: number) => {
    state = (state * 48271) % 2147483647;
    return Math.floor((state / 2147483647) * limit);
  };
  const count = Math.min(Number(values['cut-queries'] ?? 500), docs);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(below(docs));
  const queries: Entry[] = [];
  let doc = 0;
  for await (const { text } of readEntries(corpus)) {
    if (!chosen.has(doc++)) continue;
    const words = text.split(/\s+/);
    const from = below(Math.max(1, words.length - WORDS_PER_QUERY + 1));
    queries.push({ id: `q${queries.length}`, text: words.slice(from, from + WORDS_PER_QUERY).join(' ') });
  }
  return queries;
}

async function measure(name: string, wanted: ReadonlyMap<string, string[]>): Promise<Run> {
  const hitsFile = path.join(folder, `${name}.hits.jsonl`);
  const [command, ...args] = (systems[name] as System).command as [string, ...string[]];
  const index = path.join(folder, `${name}.index`);
  await rm(index, { recursive: true, force: true });
  const child = spawn(command, [...args, corpus, queriesFile, index, hitsFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let peakBytes = 0;
  let searchPeakBytes = 0;
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, anonymousBytes(child.pid as number));
    const searching = /searching in process (\d+)/.exec(errors)?.[1];
    if (searching !== undefined) searchPeakBytes = Math.max(searchPeakBytes, anonymousBytes(Number(searching)));
  }, SAMPLE_EVERY_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${name} failed: ${errors}`);
  const found = readAll(hitsFile) as unknown as { id: string; hits: [string, number][] }[];
  const exactTop10 = found.filter(({ id, hits }) => hits.map(([hit]) => hit).join() === wanted.get(id)?.join()).length;
  const shared = found.map(({ id, hits }) => hits.filter(([hit]) => wanted.get(id)?.includes(hit)).length / 10);
  const sharedTop10 = shared.reduce((sum, share) => sum + share, 0) / found.length;
  const result = JSON.parse(output.trim().split('\n').at(-1) as string) as PeerResult;
  return { ...result, peakBytes, searchPeakBytes, exactTop10, sharedTop10, checked: found.length };
}

/** RssAnon, from Linux's /proc; 0 elsewhere. */
function anonymousBytes(pid: number): number {
  try {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function report(system: string, runs: Run[], queries: number): void {
  const median = (of: (run: Run) => number) => runs.map(of).sort((a, b) => a - b)[runs.length >> 1] as number;
  const buildSeconds = median((run) => run.buildSeconds);
  const docs = median((run) => run.docs);
  const ranking = runs[0]?.ranking;
  print({
    bench: 'search',
    system,
    docs,
    queries,
    rounds: runs.length,
    buildSeconds: round(buildSeconds, 2),
    docsPerSecond: round(docs / buildSeconds),
    indexBytes: median((run) => run.indexBytes),
    // Undefined for a system that is not asked for it.
    queriesPerSecondFirst: round(median((run) => run.first ?? 0)) || undefined,
    queriesPerSecondK10: round(
      median((run) => run.k10),
      1,
    ),
    queriesPerSecondK100: round(
      median((run) => run.k100),
      1,
    ),
    peakAnonymousMb: round(median((run) => run.peakBytes) / 2 ** 20),
    // A system that is measured from outside has no peak of its searches alone.
    searchPeakAnonymousMb: round(median((run) => run.searchPeakBytes) / 2 ** 20) || undefined,
    ...(ranking === undefined
      ? { exactTop10: `${median((run) => run.exactTop10)} of ${median((run) => run.checked)}` }
      : {
          sharedTop10: round(
            median((run) => run.sharedTop10),
            2,
          ),
          ranking,
        }),
  });
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

function print(line: unknown): void {
  console.log(JSON.stringify(line));
}
