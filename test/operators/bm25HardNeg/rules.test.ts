import assert from 'node:assert/strict';
import test from 'node:test';
import { type Bm25HardNegOptions, bm25HardNeg } from '../../../src/operators/bm25HardNeg/bm25HardNeg.js';
import { negativeRules } from '../../../src/operators/bm25HardNeg/options.js';
import { resolveRules } from '../../../src/operators/bm25HardNeg/rules.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { withDefaults } from '../../../src/util/options.js';
import { memorySearcher } from '../../support/memorySearcher.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';

/** Document n shares 10 − n words with the question; the positive is p, which shares 6. */
const words = 'a b c d e f g h i j'.split(' ');
const documents = [
  ...Array.from(range(10), (n) => ({ id: `g${n % 2}#${n}`, text: [`own${n}`, ...words.slice(n)].join(' ') })),
  { id: 'g0#p', text: 'own10 a b c d e f' },
  { id: 'none', text: 'nothing of it' },
];
const record = { id: 'g0#p', text: 'own10 a b c d e f', question: words.join(' ') };

interface Outcome {
  ranks: number[];
  shortfall: unknown;
  refused: unknown;
  rejects: Reject[];
  out: DataRecord | undefined;
}

async function mine(options: Partial<Bm25HardNegOptions>, more: DataRecord = {}): Promise<Outcome> {
  const rejects: Reject[] = [];
  const operator = bm25HardNeg({
    index: memorySearcher(documents),
    sampling: 'top',
    numNeg: 3,
    nearDuplicate: false,
    rejects: (one) => void rejects.push(one),
    ...options,
  });
  const [out] = await collect(operator(watched([{ ...record, ...more }])));
  if (out === undefined) return { ranks: [], shortfall: undefined, refused: undefined, rejects, out };
  const { negatives, shortfall, refused } = provenanceOf(out, 'bm25_hard_neg');
  return { ranks: (negatives as { rank: number }[]).map(({ rank }) => rank), shortfall, refused, rejects, out };
}

/** The ranking: scores 10 9 8 7 6 (document 4) 6 (the positive, rank 6) 5 4 3 2 1. */
const taken: [what: string, options: Partial<Bm25HardNegOptions>, ranks: number[]][] = [
  ['top takes the best, and not the positive', { numNeg: 6 }, [1, 2, 3, 4, 5, 7]],
  ['skipTop counts ranks, the positive among them', { skipTop: 5 }, [7, 8, 9]],
  ['rangeMin and rangeMax are the first and the last rank', { rangeMin: 2, rangeMax: 3 }, [2, 3]],
  ['skipTop and rangeMin: the later rank counts', { skipTop: 2, rangeMin: 2 }, [3, 4, 5]],
  ['minScore is the least score', { minScore: 9 }, [1, 2]],
  ['maxScore is the greatest', { maxScore: 8 }, [3, 4, 5]],
  ["maxScoreRatio takes what is under a part of the positive's score", { maxScoreRatio: 0.83 }, [8, 9, 10]],
  ['maxScoreRatio 1 takes nothing that scores as the positive', { maxScoreRatio: 1 }, [7, 8, 9]],
  ["absoluteMargin takes what is that much under the positive's score", { absoluteMargin: 2 }, [8, 9, 10]],
  ['groupPattern leaves out the group of the positive', { groupPattern: '^(.*)#' }, [2, 4, 7]],
  ['a document of score 0 is never taken', { rangeMin: 9, numNeg: 9 }, [9, 10, 11]],
  ['dissimilar takes the least similar of the first', { sampling: 'dissimilar', candidateWindow: 4 }, [2, 3, 4]],
  ['and the best ranked for spares', { sampling: 'dissimilar', candidateWindow: 10, spare: 2 }, [1, 8, 9, 10, 11]],
  ['one fewer than there are spares', { sampling: 'dissimilar', candidateWindow: 10, spare: 3 }, [1, 2, 8, 9, 10, 11]],
  ['so none for one spare', { sampling: 'dissimilar', candidateWindow: 10, spare: 1 }, [8, 9, 10, 11]],
  ['and half of all at most', { sampling: 'dissimilar', candidateWindow: 10, numNeg: 1, spare: 4 }, [1, 2, 8, 9, 10]],
];
for (const [what, options, ranks] of taken) {
  test(what, async () => assert.deepEqual((await mine(options)).ranks, ranks));
}

test('maxPositiveSimilarity leaves out documents that resemble the positive more, and reports their number', async () => {
  const { ranks, refused, out } = await mine({ maxPositiveSimilarity: 0.5, candidateWindow: 10, numNeg: 9 });
  const { negatives } = provenanceOf(out, 'bm25_hard_neg') as { negatives: { similarity: number }[] };
  assert.ok(ranks.length > 0 && ranks.length < 9);
  assert.ok(negatives.every(({ similarity }) => similarity <= 0.5));
  assert.deepEqual(refused, { sameText: 0, maxPositiveSimilarity: 10 - ranks.length });
});

test('random takes any of the window, the same ones for a seed, others for another', async () => {
  const draw = async (seed: number) => (await mine({ sampling: 'random', seed, candidateWindow: 8 })).ranks;
  const draws = await Promise.all(Array.from(range(20), draw));
  assert.deepEqual(await draw(7), draws[7]);
  assert.ok(new Set(draws.map(String)).size > 10);
  assert.ok(draws.every((ranks) => ranks.length === 3 && ranks.every((rank) => rank <= 9)));
  const seedOf = (out: DataRecord | undefined) => provenanceOf(out, 'bm25_hard_neg').seed;
  assert.equal(seedOf((await mine({ sampling: 'random', seed: 7 })).out), 7);
  assert.equal(seedOf((await mine({ seed: 7 })).out), undefined, 'if nothing is drawn, no seed is written');
});

test('excludeIds and further positives are left out, by id, by text and as objects', async () => {
  const more = {
    not: ['g0#0', 7],
    also: ['g1#1', documents[2]?.text, { id: 'g1#3' }, { text: documents[4]?.text }, 'a text from elsewhere'],
  };
  const { ranks } = await mine({ excludeIds: 'not', positivesKey: 'also' }, more);
  assert.deepEqual(ranks, [7, 8, 9]);
});

test('a record is rejected if its positives or excluded ids are not a list of such', async () => {
  const { rejects } = await mine({ excludeIds: 'not' }, { not: 'g0#0' });
  assert.match(rejects[0]?.reason ?? '', /"not" holds the string "g0#0", not a list of ids/);
  const other = await mine({ positivesKey: 'also' }, { also: [[]] });
  assert.match(other.rejects[0]?.reason ?? '', /"also" holds \[\], which is neither a text nor an id/);
});

test('a shortfall is reported with the rules that caused it, and never filled', async () => {
  const missing: number[] = [];
  const { ranks, shortfall, refused } = await mine({ maxScoreRatio: 0.4, onShortfall: (n) => missing.push(n) });
  assert.deepEqual(ranks, [10, 11]);
  assert.equal(shortfall, 1);
  assert.deepEqual(refused, { maxScoreRatio: 8, sameText: 0 });
  assert.deepEqual(missing, [1]);
});

test('if the rules leave nothing, the record is rejected and the reason names them', async () => {
  const { rejects } = await mine({ maxScoreRatio: 0.1 });
  assert.match(
    rejects[0]?.reason ?? '',
    /no negative is left: the rules left out all documents, by maxScoreRatio \(10\)/,
  );
});

test('minScore and skipTop are named in the reason if they left documents out', async () => {
  const low = await mine({ minScore: 99 });
  assert.match(low.rejects[0]?.reason ?? '', /left out all documents, by minScore \(\d+\)/);
  const deep = await mine({ skipTop: 50 });
  assert.match(deep.rejects[0]?.reason ?? '', /left out all documents, by skipTop \(10\)/);
});

test('near-duplicates of the positive are left out by default, and kept with nearDuplicate: false', async () => {
  const own = [...range(40)].map((n) => `word${n}`);
  const almost = own.with(20, 'changed').join(' ');
  const index = memorySearcher([
    { id: 'p', text: own.join(' ') },
    { id: 'near', text: almost },
    { id: 'far', text: 'word1 alone' },
  ]);
  const given = { id: 'p', text: own.join(' '), question: 'word1 word2' };
  const { out } = await mine({ index, nearDuplicate: undefined }, given);
  assert.deepEqual(out?.hard_negatives, ['word1 alone']);
  assert.deepEqual(provenanceOf(out, 'bm25_hard_neg').refused, { sameText: 0, nearDuplicate: 1, containment: 0 });
  assert.deepEqual((await mine({ index, nearDuplicate: false }, given)).out?.hard_negatives, [almost, 'word1 alone']);
});

const page = [...range(60)].map((n) => `word${n}`);
const passage = page.slice(20, 50).join(' ');
const changedPage = page.with(5, 'changed').with(40, 'too').join(' ');
const copies: [what: string, options: Partial<Bm25HardNegOptions>, positive: string, negatives: string[]][] = [
  ['the page that contains the positive is left out', {}, passage, ['word30 alone', 'word30']],
  ['a passage that the positive contains is left out', {}, page.join(' '), ['word30 alone', 'word30']],
  ['of near copies only the best becomes a negative', {}, 'word30', [passage, 'word30 alone']],
  [
    'they are kept with containment: false',
    { containment: false },
    passage,
    [page.join(' '), 'word30 alone', 'word30'],
  ],
  [
    'they are kept with nearDuplicate: false',
    { nearDuplicate: false },
    passage,
    [page.join(' '), changedPage, 'word30 alone', 'word30'],
  ],
];
for (const [what, options, text, negatives] of copies) {
  test(`of a page, its passage and a changed page: ${what}`, async () => {
    const texts = [passage, page.join(' '), changedPage, 'word30 alone', 'word30'];
    const index = memorySearcher(texts.map((each, n) => ({ id: `${n}`, text: each })));
    const given = { id: `${texts.indexOf(text)}`, text, question: 'word30' };
    const { out } = await mine({ index, nearDuplicate: undefined, numNeg: 5, ...options }, given);
    assert.deepEqual(out?.hard_negatives, negatives);
  });
}

test('scenario+question searches for both, and needs the scenario', async () => {
  const index = memorySearcher([
    { id: 'p', text: 'tide' },
    { id: 'x', text: 'harbour' },
  ]);
  const given = { id: 'p', text: 'tide', question: 'tide' };
  const { out } = await mine({ index, query: 'scenario+question' }, { ...given, scenario: 'a harbour' });
  assert.deepEqual(out?.hard_negatives, ['harbour']);
  await assert.rejects(mine({ index, query: 'scenario+question' }, given), /"scenario" is missing/);
});

test('details go with the negatives, with or without provenance', async () => {
  const { negatives, positive } = provenanceOf((await mine({})).out, 'bm25_hard_neg');
  const op = bm25HardNeg({
    index: memorySearcher(documents),
    sampling: 'top',
    nearDuplicate: false,
    details: true,
    provenance: false,
  });
  const [out] = await collect(op(watched([record])));
  assert.equal('_rareflow' in (out ?? {}), false);
  assert.deepEqual(out?.hard_negatives_details, { negatives, positive });
});

for (const [numNeg, spare, window] of [
  [3, 0, 20],
  [3, 5, 20],
  [10, 5, 40],
  [3, 30, 33],
] as const) {
  test(`${numNeg} negatives and ${spare} spares are chosen from ${window} candidates: spares do not make them easier`, () => {
    assert.equal(resolveRules(withDefaults(negativeRules, {}), numNeg, spare).candidateWindow, window);
  });
}

const refusedOptions: [options: Partial<Bm25HardNegOptions>, message: RegExp][] = [
  [{ numNeg: 5, candidateWindow: 4 }, /candidateWindow must be >= numNeg, which is 5, got 4/],
  [{ numNeg: 3, spare: 2, candidateWindow: 4 }, /candidateWindow must be >= numNeg \+ spare, which is 5, got 4/],
  [{ skipTop: -1 }, /skipTop must be a whole number >= 0, got -1/],
  [{ skipTop: 5, rangeMax: 5 }, /rangeMax 5 leaves nothing: the first rank that may be taken is 6/],
  [{ minScore: 2, maxScore: 1 }, /maxScore must be >= minScore, which is 2, got 1/],
  [{ nearDuplicate: 1.5 }, /nearDuplicate must be a number > 0 and <= 1, or false, got 1.5/],
  [{ maxScoreRatio: Number.NaN }, /maxScoreRatio must be a number, got NaN/],
  [{ groupPattern: '(' }, /groupPattern must be a regular expression, got the string "\("/],
  [{ sampling: 'best' as 'top' }, /sampling must be top, random or dissimilar, got the string "best"/],
];
for (const [options, message] of refusedOptions) {
  test(`${JSON.stringify(options)} is refused`, async () => {
    await assert.rejects(async () => mine(options), message);
  });
}
