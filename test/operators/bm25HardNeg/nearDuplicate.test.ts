import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CopyRules, copyRule, shinglesOf } from '../../../src/operators/bm25HardNeg/nearDuplicate.js';
import { fixture, readLines } from '../../search/helpers.js';

const ruleOf = (a: string, b: string, rules: CopyRules) => copyRule(shinglesOf(a), shinglesOf(b), rules);
const resembles = (a: string, b: string, threshold = 0.8) =>
  ruleOf(a, b, { nearDuplicate: threshold, containment: false }) === 'nearDuplicate';

const shinglesByDefinition = (words: string[]) =>
  new Set(words.length < 3 ? [words.join(' ')] : words.slice(2).map((_, at) => words.slice(at, at + 3).join(' ')));

test('texts are copies as the Jaccard coefficient and the containment of their shingles say', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 });
  const limit = fc.constantFrom(0.2, 0.5, 0.8, 1, false as const);
  fc.assert(
    fc.property(words, words, limit, limit, (a, b, nearDuplicate, containment) => {
      const [own, other] = [shinglesByDefinition(a), shinglesByDefinition(b)];
      const common = [...own].filter((shingle) => other.has(shingle)).length;
      const alike = nearDuplicate !== false && common / (own.size + other.size - common) >= nearDuplicate;
      const contained = containment !== false && common / Math.min(own.size, other.size) >= containment;
      const expected = alike ? 'nearDuplicate' : contained ? 'containment' : undefined;
      assert.equal(ruleOf(a.join(' '), b.join(' '), { nearDuplicate, containment }), expected);
    }),
    { numRuns: 1000 },
  );
});

const page =
  'Glaciers carve wide valleys because ice presses on the whole floor. Rivers cut narrow gorges where the bed is steep. Wind builds dunes from loose dry sand.';
const passages: [string, string, ReturnType<typeof ruleOf>][] = [
  ['a passage in its page', 'Rivers cut narrow gorges where the bed is steep.', 'containment'],
  ['the page with a note at its end', `${page} Last edited in May.`, 'nearDuplicate'],
  [
    'a page twice as long',
    `${page} Volcanoes build cones of ash and lava. Seas grind cliffs to beaches over time. ${'More about dunes follows here in detail.'}`,
    'containment',
  ],
  [
    'half of the passage is elsewhere',
    'Rivers cut narrow gorges where lava flows are old and the floor was lifted twice.',
    undefined,
  ],
  ['the same words in another order', 'Valleys wide carve glaciers because presses ice floor whole the on.', undefined],
];
for (const [what, other, expected] of passages) {
  test(`a text and ${what}: ${expected ?? 'no copy'}`, () => {
    const rules = { nearDuplicate: 0.8, containment: 0.8 };
    assert.deepEqual([ruleOf(page, other, rules), ruleOf(other, page, rules)], [expected, expected]);
  });
}

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
  const [first] = texts as [string];
  assert.deepEqual(
    texts.filter((text) => !resembles(first, text)),
    [],
  );
});
