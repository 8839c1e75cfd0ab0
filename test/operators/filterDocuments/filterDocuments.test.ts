import assert from 'node:assert/strict';
import test from 'node:test';
import { filterDocuments } from '../../../src/operators/filterDocuments/filterDocuments.js';
import { SeenDocuments } from '../../../src/operators/filterDocuments/seenDocuments.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { seededRandom } from '../../../src/util/random.js';
import { collect, range, watched } from '../../support/sources.js';

const letters = (n: number): string =>
  `${n < 26 ? '' : letters(Math.floor(n / 26))}${String.fromCharCode(97 + (n % 26))}`;
const random = seededRandom('documents');
const made = (words: number, vocabulary = 5000) =>
  Array.from(range(words), () => letters(Math.floor(random() * vocabulary))).join(' ');

async function filtered(texts: string[], options: Parameters<typeof filterDocuments>[0] = {}) {
  const rejects: Reject[] = [];
  const records: DataRecord[] = texts.map((text, n) => ({ n, text }));
  const operator = filterDocuments({ rejects: (one) => void rejects.push(one), ...options });
  const kept = await collect(operator(watched(records)));
  assert.equal(kept.length + rejects.length, texts.length);
  return { kept: kept.map(({ n }) => n), rejects };
}

const english = 'The ice moves slowly down the valley and takes stones along with it until both of them reach the sea.';
const chinese = '冰川缓慢地沿着山谷向下移动，把石头带到海边，经过许多年以后山谷变得又宽又深，河流沿着它流淌。';

const refused: [name: string, text: string, options: object, reason: RegExp | undefined][] = [
  ['a short text', 'The ice moves.', {}, /it has 3 words, fewer than 20/],
  ['a short text, if it may be', 'The ice moves.', { minWords: 3 }, undefined],
  ['a long text', english, { maxWords: 19 }, /it has 20 words, more than 19/],
  ['an English sentence', english, {}, undefined],
  ['a Chinese sentence, whose characters are words', chinese, {}, undefined],
  ['another language', chinese, { languages: ['Latin'] }, /its language is Chinese/],
  ['a language that is kept', chinese, { languages: ['Latin', 'Chinese'] }, undefined],
  ['a table of numbers', `${'12.5 | 13.75 | 99 '.repeat(12)} and so it is`, {}, /% of its characters are letters/],
  ['repeated lines', 'Read more about it\n'.repeat(20), {}, /95 % of its lines are repeated/],
  ['a repeated phrase', `${'buy now '.repeat(25)} the ice moves slowly`, {}, /is the phrase "(buy now|now buy)"/],
  [
    'a term that comes up twice in a short text',
    `${english} A terminal moraine is a moraine, and a terminal moraine ends it.`,
    {},
    undefined,
  ],
  ['repeated Chinese', '点击这里查看更多内容'.repeat(6), {}, /the phrase|repeated phrases/],
  ['repetition that is allowed', 'Read more about it\n'.repeat(20), { repetition: false }, undefined],
];
for (const [name, text, options, reason] of refused) {
  test(`filterDocuments ${reason === undefined ? 'keeps' : 'rejects'} ${name}`, async () => {
    const { rejects } = await filtered([text, made(30)], options);
    const own = rejects.find(({ record }) => (record as DataRecord).n === 0);
    if (reason === undefined) assert.equal(own, undefined, own?.reason);
    else assert.match(own?.reason ?? 'kept', reason);
  });
}

test('filterDocuments keeps the first of documents that are the same or nearly so, and names it', async () => {
  const texts = [made(200), made(200), made(200)];
  const near = texts[1]?.replace(/^\S+/, 'another');
  const half = `${texts[2]?.split(' ').slice(0, 100).join(' ')} ${made(100)}`;
  const { kept, rejects } = await filtered([...texts, `  ${texts[0]}\n`, near as string, half, near as string]);
  assert.deepEqual(kept, [0, 1, 2, 5]);
  assert.match(rejects[0]?.reason ?? '', /it has the text of document 1 of the input/);
  assert.match(rejects[1]?.reason ?? '', /it shares (9\d|100) % of its shingles with that of document 2/);
  assert.ok(rejects.every(({ final }) => final === true));
  const exactOnly = await filtered([...texts, texts[0] as string, near as string], { duplicateShare: false });
  assert.deepEqual(exactOnly.kept, [0, 1, 2, 4]);
});

test('of pairs that share 0.9 of their shingles nearly all are found, of those that share 0.5 nearly none', () => {
  for (const [changed, least, most] of [
    [4, 195, 200],
    [68, 0, 2],
  ] as const) {
    const seen = new SeenDocuments({ duplicateShare: 0.8, compareWith: 2 ** 20 });
    let found = 0;
    for (const n of range(200)) {
      const words = made(236, 1e6).split(' ');
      seen.add(words.join(' '), n);
      const pair = [...made(changed, 1e6).split(' '), ...words.slice(changed)].join(' ');
      if (seen.add(pair, n + 1000)?.number === n) found += 1;
    }
    assert.ok(found >= least && found <= most, `${found} of 200 with ${changed} words changed`);
  }
});

test('a document is not compared with those before the last compareWith', () => {
  const seen = new SeenDocuments({ duplicateShare: 0.8, compareWith: 50 });
  const texts = Array.from(range(100), () => made(40));
  for (const [n, text] of texts.entries()) assert.equal(seen.add(text, n), undefined);
  assert.equal(seen.add(texts[99] as string, 1)?.number, 99);
  assert.equal(seen.add(`${texts[99]} more`, 1)?.number, 99);
  assert.equal(seen.add(texts[0] as string, 1), undefined);
});

test('a custom rule gives its reason', async () => {
  const keep = ({ n }: DataRecord) => n !== 1 || 'it is the second';
  const { kept, rejects } = await filtered([made(30), made(30)], { keep });
  assert.deepEqual([kept, rejects[0]?.reason], [[0], 'it is the second']);
});

test('filterDocuments refuses unknown languages and rejects records without a text', async () => {
  assert.throws(() => filterDocuments({ languages: ['latin'] }), /languages must be names of Latin, Japanese/);
  const rejects: Reject[] = [];
  const operator = filterDocuments({ rejects: (one) => void rejects.push(one) });
  assert.equal((await collect(operator(watched([{ text: made(30) }, { body: 'x' }])))).length, 1);
  assert.match(rejects[0]?.reason ?? '', /"text" is missing/);
});
