import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Index } from 'flexsearch';
import type { DataRecord } from '../../src/record.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { bm25Options } from '../../src/search/flexsearch/options.js';
import { Bm25Storage } from '../../src/search/flexsearch/storage.js';
import { verifyIndex } from '../../src/search/format/verifyIndex.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { seededRandom } from '../../src/util/random.js';
import { scriptArgs } from './script.js';

/** A bulk build over an existing index, or a commit of FlexSearch that adds to it and removes from it. */
export type Work = 'build' | 'commit';

export interface CrashOptions {
  work: Work;
  /** The documents in the index. */
  docs: number;
  /** The number of kills. */
  kills: number;
  seed: number;
  /** An empty folder. */
  folder: string;
}

/** The numbers of kills that left the old index, and the new one. */
export interface CrashOutcome {
  old: number;
  new: number;
  /** The duration of undisturbed work. */
  workMs: number;
}

/** The last kills come when undisturbed work would be done. */
const PAST_THE_END = 1.2;

/** Generates words in a Zipf-like distribution; `words` distinguishes two corpora. */
async function* corpus(words: string, docs: number): AsyncGenerator<DataRecord> {
  for (let doc = 0; doc < docs; doc++) {
    const text = Array.from({ length: 40 }, (_, at) => `${words}${(doc * 7 + at * at * 31) % (3 * at + 5)}`);
    yield { id: `${words}-${doc}`, text: `common${doc % 9} ${text.join(' ')} own${doc}` };
  }
}

/** Makes the new index from the old one at `target`; calls `onWriting` right before. */
export async function writeNew(work: Work, target: string, docs: number, onWriting: () => void): Promise<void> {
  if (work === 'build') {
    onWriting();
    await buildIndex(corpus('new', docs), target, { memoryMb: docs / 1000, analyzer: 'english' });
    return;
  }
  const index = new Index({ ...bm25Options(), commit: false });
  const storage = new Bm25Storage(target);
  await index.mount(storage);
  for await (const { id, text } of corpus('new', docs / 4)) index.add(id as string, text as string);
  for (let doc = 0; doc < docs; doc += 5) index.remove(`old-${doc}`);
  onWriting();
  await index.commit();
  await storage.close();
}

/** Returns everything that an index answers, after a check of all its checksums. */
async function answersOf(target: string): Promise<string> {
  await verifyIndex(target);
  await using index = await openIndex(target);
  const queries = ['common1 common2', 'old0 old7 old23 old60', 'new0 new7 new23 new60', 'own5 own77 common8 old3 new3'];
  const hits = await Promise.all(queries.map((query) => index.search(query, { k: 1000 })));
  const texts = Array.from({ length: index.docCount }, (_, docId) => [index.id(docId), index.storedText(docId)]);
  return JSON.stringify([hits, texts]);
}

/**
 * Kills the work with SIGKILL at seeded moments of its duration and shortly after, spread evenly. Throws if the index is then
 * neither the old nor the new one, in every answer and byte, or if the work cannot be repeated.
 */
export async function crashIndex({ work, docs, kills, seed, folder }: CrashOptions): Promise<CrashOutcome> {
  const [old, target] = ['old', 'target'].map((name) => path.join(folder, name)) as [string, string];
  await buildIndex(corpus('old', docs), old, { analyzer: 'english' });
  const oldAnswers = await answersOf(old);
  await cp(old, target, { recursive: true });
  const workMs = await run(work, target, docs, Number.POSITIVE_INFINITY);
  const newAnswers = await answersOf(target);
  assert.notEqual(newAnswers, oldAnswers);

  const outcome: CrashOutcome = { old: 0, new: 0, workMs: Math.round(workMs) };
  const random = seededRandom(seed, work);
  for (let kill = 0; kill < kills; kill++) {
    await rm(target, { recursive: true });
    await cp(old, target, { recursive: true });
    await run(work, target, docs, (PAST_THE_END * workMs * (kill + random())) / kills);
    const answers = await answersOf(target);
    assert.ok(answers === oldAnswers || answers === newAnswers, `kill ${kill} left an index that is neither`);
    outcome[answers === newAnswers ? 'new' : 'old']++;
    await writeNew(work, target, docs, () => {});
    assert.equal(await answersOf(target), newAnswers);
    const files = (await readdir(target)).filter((name) => !name.endsWith('-lock'));
    assert.equal(files.length, 2, `the manifest and one data file, not ${files}`);
  }
  return outcome;
}

/** Starts the work in a separate process and kills it `killMs` after it began to write; resolves to its duration. */
async function run(work: Work, target: string, docs: number, killMs: number): Promise<number> {
  const child = spawn(
    process.execPath,
    [...scriptArgs(path.join(import.meta.dirname, 'crashChild.ts')), work, target, String(docs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'writing');
  const startedMs = performance.now();
  if (killMs === Number.POSITIVE_INFINITY) assert.equal((await lines.next()).value, 'done');
  else await sleep(killMs);
  const lastedMs = performance.now() - startedMs;
  child.kill('SIGKILL');
  await exited;
  return lastedMs;
}
