/**
 * Question: is readJsonl as fast as the shortest code that reads JSONL? The bare reader checks nothing (no UTF-8, no bad
 * lines, no line numbers, no limit); both yield every record by async iteration. Rounds alternate; medians are printed.
 *
 * usage: tsx bench/jsonl.ts [FILE.jsonl] [ROUNDS]
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { createGunzip } from 'node:zlib';
import { readJsonl } from '../src/io/read/readJsonl.js';

const abstracts = path.resolve(import.meta.dirname, '../../shared/data/arxiv_abstracts.jsonl.gz');

async function* bareReader(file: string): AsyncGenerator<unknown> {
  let rest: Buffer | undefined;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const bytes: Buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      yield JSON.parse(bytes.subarray(start, end).toString());
      start = end + 1;
    }
    rest = start < bytes.length ? bytes.subarray(start) : undefined;
  }
  if (rest !== undefined) yield JSON.parse(rest.toString());
}

const contestants = { bare: bareReader, rareflow: (file: string) => readJsonl(file) };
type Contestant = keyof typeof contestants;

/** Runs the bench and prints a JSON line for each contestant. */
export async function run([file, rounds = '7']: string[]): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-bench-'));
  try {
    await compare(file ?? (await corpusIn(folder)), Number(rounds));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compare(file: string, rounds: number): Promise<void> {
  const megabytes = (await stat(file)).size / 1e6;
  const expected = await digest(contestants.bare(file));
  const got = await digest(contestants.rareflow(file));
  if (got.sha256 !== expected.sha256 || got.count !== expected.count) {
    throw new Error(`different records: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
  }
  const seconds: Record<Contestant, number[]> = { bare: [], rareflow: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(seconds) as Contestant[]) {
      const start = performance.now();
      let count = 0;
      for await (const _ of contestants[name](file)) count++;
      seconds[name].push((performance.now() - start) / 1000);
      if (count !== expected.count) throw new Error(`${name} read ${count} records, expected ${expected.count}`);
    }
  }
  for (const contestant of Object.keys(seconds) as Contestant[]) {
    const time = median(seconds[contestant]);
    console.log(
      JSON.stringify({
        bench: 'jsonl',
        contestant,
        mbPerSecond: Math.round(megabytes / time),
        recordsPerSecond: Math.round(expected.count / time),
        ratio: Number((median(seconds.bare) / time).toFixed(2)),
      }),
    );
  }
}

async function digest(records: AsyncIterable<unknown>): Promise<{ count: number; sha256: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const record of records) {
    hash.update(JSON.stringify(record));
    count++;
  }
  return { count, sha256: hash.digest('hex') };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function corpusIn(folder: string): Promise<string> {
  const file = path.join(folder, 'corpus.jsonl');
  const lines = existsSync(abstracts)
    ? createReadStream(abstracts).pipe(createGunzip())
    : Readable.from(generatedLines(100e6), { objectMode: false });
  await pipeline(lines, createWriteStream(file));
  return file;
}

/** Generates about `bytes` of records like abstracts: mostly ASCII, some accents, a few escapes. */
function* generatedLines(bytes: number): Generator<string> {
  const words = [
    'retrieval',
    'of',
    'the',
    'naïve',
    'model',
    '"quoted"',
    'reasoning',
    'α-divergence',
    'evidence',
    'über',
  ];
  let seed = 1;
  for (let id = 0, made = 0; made < bytes; id++) {
    const text = Array.from({ length: 180 }, () => {
      seed = (seed * 48271) % 2147483647;
      return words[seed % words.length];
    }).join(' ');
    const line = `${JSON.stringify({ id: `doc${id}`, title: text.slice(0, 60), text })}\n`;
    made += line.length;
    yield line;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run(process.argv.slice(2));
