import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import flexsearch from 'flexsearch';
import { openIndex } from '../../../src/search/bm25Index.js';
import { bm25Options } from '../../../src/search/flexsearch/options.js';
import { Bm25Storage } from '../../../src/search/flexsearch/storage.js';
import { bruteForceIndex } from '../bruteForce.js';
import { built, workFolder } from '../helpers.js';

/** Numbers in [0, 1) that are the same in every run (Park and Miller's minimal standard generator). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Documents of 1 to 24 words, rare and frequent ones as in a language; many documents are the same. */
function corpus(docs: number, next: () => number): string[][] {
  const word = () => `w${Math.floor(Math.exp(next() * 7.5))}x`;
  const made: string[][] = [];
  for (let doc = 0; doc < docs; doc++) {
    const copied = next() < 0.1 ? made[Math.floor(next() * made.length)] : undefined;
    made.push(copied ?? Array.from({ length: 1 + Math.floor(next() * 24) }, word));
  }
  return made;
}

function query(words: string[][], terms: number, next: () => number): string[] {
  const query: string[] = [];
  while (query.length < terms) query.push(...(words[Math.floor(next() * words.length)] as string[]));
  return query.slice(0, terms);
}

async function assertExact(target: string, words: string[][], next: () => number): Promise<void> {
  const exact = bruteForceIndex(words);
  await using index = await openIndex(target);
  for (const terms of [1, 2, 5, 30, 30, 200, 2000]) {
    for (const k of [1, 10, 100, 1000]) {
      for (const weighting of ['lucene', 'dataflow'] as const) {
        const tokens = query(words, terms, next);
        const found = index.searchTerms(tokens, { k, weighting });
        const wanted = exact(tokens, k, weighting);
        assert.deepEqual(
          found.map(({ docId, score }) => [docId, score]),
          wanted.map(({ docId, score }) => [docId, score]),
          `${terms} terms, k = ${k}, ${weighting}`,
        );
      }
    }
  }
}

test('a pruned search of several blocks of documents gives the scores and the order of an exhaustive one', async (t) => {
  const next = random(7);
  const words = corpus(30_000, next);
  const { target } = await built(
    t,
    words.map((document) => ({ text: document.join(' ') })),
    { analyzer: 'english' },
  );
  await assertExact(target, words, next);
});

test('a pruned search of several segments gives the scores and the order of an exhaustive one', async (t: TestContext) => {
  const next = random(11);
  const words = corpus(6_000, next);
  const target = `${await workFolder(t)}/corpus.bm25`;
  const index = new flexsearch.Index({ ...bm25Options(), commit: false });
  const storage = new Bm25Storage(target);
  await index.mount(storage as never);
  for (let doc = 0; doc < words.length; doc++) {
    index.add(doc, (words[doc] as string[]).join(' '));
    if (doc % 1500 === 1499) await index.commit();
  }
  await storage.close();
  await assertExact(target, words, next);
});
