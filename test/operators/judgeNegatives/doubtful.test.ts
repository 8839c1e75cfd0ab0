import assert from 'node:assert/strict';
import test from 'node:test';
import { doubtfulNegatives } from '../../../src/operators/judgeNegatives/doubtful.js';

const positive = 'glaciers carve valleys out of rock';
const negatives = [
  'ice and glaciers grind the rock of valleys',
  'valleys are carved out by ice, and rock is ground',
  'the tide turns twice a day',
  'a moon pulls the tide',
  'ships wait for a tide',
];

type Verdict = 'answers' | 'partly' | 'no';
const cases: [what: string, verdicts: Verdict[], numNeg: number, doubtful: number[]][] = [
  ['nothing was found', ['no', 'no', 'no', 'no', 'no'], 3, []],
  ['one was found: one that is like it', ['no', 'answers', 'no', 'no', 'no'], 3, [0]],
  ['what answers partly was found as well', ['no', 'partly', 'no', 'no', 'no'], 3, [0]],
  ['all are needed', ['no', 'answers', 'no', 'no', 'no'], 4, []],
  ['two were found, and one is not needed', ['answers', 'no', 'answers', 'no', 'no'], 2, [1]],
  ['all are kept', ['no', 'answers', 'no', 'no', 'no'], Number.POSITIVE_INFINITY, []],
];
for (const [what, verdicts, numNeg, doubtful] of cases) {
  test(`doubtful negatives: ${what}`, () => {
    const found = doubtfulNegatives(
      verdicts.map((verdict) => ({ verdict })),
      { positive, negatives },
      numNeg,
    );
    assert.deepEqual([...found], doubtful);
  });
}

test('what a second model read is not doubtful', () => {
  const verdicts = [
    { verdict: 'no', first: 'answers' },
    { verdict: 'answers', first: 'answers' },
    ...Array(3).fill({ verdict: 'no' }),
  ] as const;
  assert.deepEqual([...doubtfulNegatives(verdicts, { positive, negatives }, 3)], [4]);
});

test('what is like an answer is doubtful, even if the positive is not', () => {
  const verdicts = (['answers', 'no', 'no'] as const).map((verdict) => ({ verdict }));
  const like = ['the tide turns twice', 'the tide turns', 'ice carves valleys'];
  assert.deepEqual([...doubtfulNegatives(verdicts, { positive: 'ships wait', negatives: like }, 1)], [1]);
});

test('texts without words have no likeness, and the last ones are doubtful', () => {
  const verdicts = (['answers', 'no', 'no'] as const).map((verdict) => ({ verdict }));
  assert.deepEqual([...doubtfulNegatives(verdicts, { positive: '…', negatives: ['!', '?', '¿'] }, 1)], [2]);
});
