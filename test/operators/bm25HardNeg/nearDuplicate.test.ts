import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DistinctShingles, NearDuplicates } from '../../../src/operators/bm25HardNeg/nearDuplicate.js';
import { fixture, readLines } from '../../search/helpers.js';

const resembles = (a: string, b: string, threshold = 0.8) =>
  new NearDuplicates(a, threshold).includes(new DistinctShingles(b));

/** The definition, without short cuts. */
function jaccard(a: string[], b: string[]): number {
  const shingles = (words: string[]) =>
    new Set(words.length < 3 ? [words.join(' ')] : words.slice(2).map((_, at) => words.slice(at, at + 3).join(' ')));
  const [own, other] = [shingles(a), shingles(b)];
  const common = [...own].filter((shingle) => other.has(shingle)).length;
  return common / (own.size + other.size - common);
}

test('a text resembles another as the Jaccard coefficient of their shingles says', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(words, words, fc.constantFrom(0.2, 0.5, 0.8, 1), (a, b, threshold) => {
      assert.equal(resembles(a.join(' '), b.join(' '), threshold), jaccard(a, b) >= threshold);
    }),
    { numRuns: 500 },
  );
});

test('case, marks and white space make no difference', () => {
  assert.ok(resembles('The tide, it turns.', 'the TIDE\nit (turns)', 1));
});

test('scripts without spaces are compared character by character', () => {
  const own = '深度学习是机器学习的一个分支领域其核心是神经网络';
  assert.ok(resembles(own, `${own}吗`));
  assert.ok(!resembles(own, '黑豹队的防守只丢了三百零八分在联赛中排名第六'));
});

test('a text without words resembles nothing', () => {
  assert.ok(!resembles('…', '…'));
});

test('every near copy of a document, one word changed, is found', async () => {
  const texts: string[] = [];
  for await (const { text } of readLines(fixture('nasty/near_duplicates.jsonl'))) texts.push(text as string);
  const near = new NearDuplicates(texts[0] as string, 0.8);
  assert.deepEqual(
    texts.filter((text) => !near.includes(new DistinctShingles(text))),
    [],
  );
});
