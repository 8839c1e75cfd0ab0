import { existsSync } from 'node:fs';
import path from 'node:path';
import { buildIndex, type DataRecord, readJsonl } from '../../src/index.js';
import { seededRandom } from '../../src/util/random.js';

const WORDS_PER_QUESTION = 30;

/** A document with a question about it: 30 successive words of its text. */
export interface Questioned extends DataRecord {
  id: string;
  text: string;
  question: string;
}

export interface CorpusOptions {
  corpus: string;
  /** The number of copies of the corpus that are indexed, each under other ids. */
  copies: number;
  /** Documents at most. */
  limit: number;
}

async function* documents({ corpus, copies, limit }: CorpusOptions): AsyncGenerator<DataRecord> {
  let given = 0;
  for (let copy = 0; copy < copies; copy++) {
    for await (const { id, text } of readJsonl(corpus)) {
      if (given++ === limit) return;
      yield { id: `${copy}:${id}`, text };
    }
  }
}

/** Builds the index, texts and all, unless it is there; says on stderr what it does. */
export async function ensureIndex(target: string, options: CorpusOptions): Promise<void> {
  if (existsSync(path.join(target, 'index.json'))) return;
  const { docs, seconds } = await buildIndex(documents(options), target);
  console.error(`indexed ${docs} documents in ${seconds.toFixed(1)} s: ${target}`);
}

/** Questions about documents that the seed chooses out of the first copy. */
export async function questions(options: CorpusOptions, count: number, seed: number): Promise<Questioned[]> {
  const random = seededRandom(seed);
  const found: Questioned[] = [];
  let seen = 0;
  // Reservoir sampling (J. Vitter, "Random Sampling with a Reservoir", 1985, algorithm R).
  for await (const { id, text } of documents({ ...options, copies: 1 })) {
    const place = seen++ < count ? seen - 1 : Math.floor(random() * seen);
    if (place >= count) continue;
    const words = String(text).split(/\s+/);
    const from = Math.floor(random() * Math.max(1, words.length - WORDS_PER_QUESTION + 1));
    const question = words.slice(from, from + WORDS_PER_QUESTION).join(' ');
    found[place] = { id: String(id), text: String(text), question };
  }
  return found;
}
