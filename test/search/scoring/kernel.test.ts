import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openIndex } from '../../../src/search/bm25Index.js';
import { defaultCacheMb } from '../../../src/search/scoring/cacheSize.js';
import { kernelSource } from '../../../src/search/scoring/kernelBytes.js';
import { bruteForceIndex } from '../bruteForce.js';
import { built } from '../helpers.js';

const root = process.cwd();

test('the compiled kernel is that of its source; `npm run kernel` makes it so', () => {
  const source = readFileSync(path.join(root, '.ci/kernel/searchKernel.ts'));
  assert.equal(kernelSource, createHash('sha256').update(source).digest('hex'));
});

test('the cache takes a share of the free memory, within bounds, and threads divide it', () => {
  const table = [
    [0, 0.1, 16],
    [0, 1, 64],
    [1, 1, 64],
    [2, 1, 32],
    [0, 64, 128],
    [64, 64, 64],
  ] as const;
  for (const [threads, freeGb, mb] of table) assert.equal(defaultCacheMb(threads, freeGb * 2 ** 30), mb);
});

/** Documents of long gaps, and of term frequencies that need more than a byte: most common words, and few of a rare one. */
function corpus(): string[][] {
  let state = 5;
  const below = (limit: number) => {
    state = (state * 48271) % 2147483647;
    return Math.floor((state / 2147483647) * limit);
  };
  return Array.from({ length: 24_000 }, (_, doc) => {
    const words = Array.from({ length: 1 + below(6) }, () => `w${Math.floor(1.6 ** below(14))}x`);
    if (doc % 700 === 3)
      words.push(...Array.from({ length: [1, 4, 70, 254, 255, 256, 400][below(7)] as number }, () => 'oftenx'));
    if (doc % 90 === 1) words.push('seldomx');
    return words;
  });
}

test('searches again and again give the scores of exhaustive ones, with a large cache, a small one and none', async (t) => {
  const words = corpus();
  const { target } = await built(
    t,
    words.map((document) => ({ text: document.join(' ') })),
    { analyzer: 'english' },
  );
  const exact = bruteForceIndex(words);
  const queries = [['oftenx'], ['seldomx', 'oftenx', 'w1x'], words[3] as string[], ['w1x', 'w4x', 'seldomx', 'w720x']];
  for (const cacheMb of [0, 0.5, 48]) {
    await using index = await openIndex(target, { cacheMb });
    for (const k of [10, 10, 300, 2000]) {
      for (const tokens of queries) {
        const found = index.searchTerms(tokens, { k }).map(({ docId, score }) => [docId, score]);
        const wanted = exact(tokens, k, 'lucene').map(({ docId, score }) => [docId, score]);
        assert.deepEqual(found, wanted, `${cacheMb} MB, ${tokens.slice(0, 5)}, k = ${k}`);
      }
    }
  }
});
