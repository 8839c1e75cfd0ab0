import assert from 'node:assert/strict';
import test from 'node:test';
import { bm25HardNeg } from '../../../src/operators/bm25HardNeg/bm25HardNeg.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { operatorContract } from '../../../src/testing/operatorContract.js';
import { memorySearcher } from '../../support/memorySearcher.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';

const corpus = Array.from(range(500), (n) => ({ id: `d${n}`, text: `tide number${n} moon${n % 7}` }));

operatorContract({
  stage: 'bm25_hard_neg',
  make: (options) => bm25HardNeg({ index: memorySearcher(corpus), ...options }),
  record: (n) => ({ ...corpus[n], n, question: `which tide moon${n % 7}` }),
  reads: ['question', 'text'],
  adds: ['hard_negatives'],
});

const documents = [
  { id: 'a', text: 'the tide turns' },
  { id: 'b', text: 'the tide  turns\n' },
  { id: 'c', text: 'the tide comes' },
  { id: 'd', text: 'the tide comes' },
  { id: 'a', text: 'the other tide' },
  { id: 'e', text: 'a tide' },
  { id: 'f', text: 'no match' },
];

async function mine(record: DataRecord, options: Partial<Parameters<typeof bm25HardNeg>[0]> = {}) {
  const rejects: Reject[] = [];
  const op = bm25HardNeg({
    index: memorySearcher(documents),
    rejects: (one) => void rejects.push(one),
    ...options,
  });
  const out = await collect(op(watched([{ ...record }])));
  return { out: out[0], rejects };
}

test('bm25HardNeg never returns the positive: not by id, not by text, not a text twice, nothing of score 0', async () => {
  const { out } = await mine({ id: 'a', text: 'the tide turns', question: 'the tide turns' }, { numNeg: 9 });
  assert.deepEqual(out?.hard_negatives, ['the tide comes', 'a tide']);
  assert.deepEqual(provenanceOf(out, 'bm25_hard_neg'), {
    weighting: 'lucene',
    sampling: 'dissimilar',
    negatives: [
      { id: 'c', rank: 3, score: 2, similarity: 2 / 3 },
      { id: 'e', rank: 6, score: 1, similarity: 1 / Math.sqrt(6) },
    ],
    positive: { rank: 1, score: 3 },
    shortfall: 7,
    refused: { sameText: 1, nearDuplicate: 0, containment: 0 },
  });
});

test('bm25HardNeg excludes the positive by text if the record has no id', async () => {
  const { out } = await mine({ text: 'the tide turns', question: 'the tide turns' }, { numNeg: 1, sampling: 'top' });
  assert.deepEqual(out?.hard_negatives, ['the tide comes']);
});

test('bm25HardNeg looks past any number of copies of the positive', async () => {
  const copies = Array.from(range(1000), (n) => ({ id: `copy${n}`, text: 'tide tide' }));
  const index = memorySearcher([...copies, { id: 'other', text: 'tide' }]);
  const { out } = await mine({ id: 'copy3', text: 'tide tide', question: 'tide' }, { index });
  assert.deepEqual(out?.hard_negatives, ['tide']);
});

test('bm25HardNeg rejects a question without negatives', async () => {
  const index = memorySearcher([
    { id: 'x', text: 'tide' },
    { id: 'y', text: 'moon' },
  ]);
  const rejects: Reject[] = [];
  const records = [
    { id: 'x', text: 'tide', question: 'tide moon' },
    { id: 'x', text: 'tide', question: 'tide' },
  ];
  const out = await collect(bm25HardNeg({ index, rejects: (one) => void rejects.push(one) })(watched(records)));
  assert.equal(out.length, 1);
  assert.match(rejects[0]?.reason ?? '', /no document other than the positive shares a word/);
});

test('an index of other texts stops the run, unless requirePositive is false', async () => {
  const foreign = { id: 'z', text: 'from elsewhere', question: 'tide' };
  await assert.rejects(mine(foreign), /its document is not in the index/);
  await assert.rejects(mine({ ...foreign, id: 'f' }), /another text under the id "f"/);
  const { out } = await mine(foreign, { requirePositive: false, numNeg: 1, sampling: 'top' });
  assert.deepEqual(out?.hard_negatives, ['the tide turns']);
});

test('one record whose document is in the index shows that the index fits: those before it are mined too', async () => {
  const records = [
    { id: 'z', text: 'from elsewhere', question: 'tide' },
    { id: 'e', text: 'a tide', question: 'tide' },
  ];
  const out = await collect(bm25HardNeg({ index: memorySearcher(documents) })(watched(records)));
  assert.deepEqual(
    out.map(({ id }) => id),
    ['z', 'e'],
  );
});

test('a numNeg that is not a whole number above 0 is refused', () => {
  assert.throws(
    () => bm25HardNeg({ index: memorySearcher([]), numNeg: 0 }),
    /numNeg must be a whole number >= 1, got 0/,
  );
});

test('the event loop turns between two records, even if every search resolves at once', async () => {
  let turns = 0;
  const count = () => {
    turns++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const records = corpus.slice(0, 60).map((document) => ({ ...document, question: 'tide' }));
  await collect(bm25HardNeg({ index: memorySearcher(corpus) })(watched(records)));
  clearImmediate(immediate);
  assert.ok(turns >= 60, `${turns} turns`);
});

test('a question is not searched further after 10,000 documents that are alike', async () => {
  const copies = (count: number) => Array.from(range(count), (n) => ({ id: `copy${n}`, text: 'the tide turns' }));
  const record = { id: 'copy0', text: 'the tide turns', question: 'the tide turns' };
  const other = { id: 'other', text: 'a tide' };
  const enough = await mine(record, { index: memorySearcher([...copies(9_999), other]) });
  assert.deepEqual(enough.out?.hard_negatives, ['a tide']);
  const tooMany = await mine(record, { index: memorySearcher([...copies(10_000), other]) });
  assert.match(
    String(tooMany.rejects[0]?.reason),
    /^no negative is left: 10000 documents that match the question have the text of a positive or of a better document/,
  );
});

test('a positive is named by an id that very many documents of one text have', async () => {
  const known = memorySearcher(documents);
  const same = Array.from(range(150_000), (n) => documents.length + n);
  const index = {
    ...known,
    docIds: (id: string) => (id === 'same' ? same : known.docIds(id)),
    text: (docId: number) => (docId < documents.length ? known.text(docId) : 'the tide comes'),
  };
  const record = { text: 'the tide turns', question: 'the tide', positives: ['same'] };
  const { out } = await mine(record, { index, positivesKey: 'positives', nearDuplicate: false });
  assert.deepEqual(out?.hard_negatives, ['the other tide', 'a tide']);
});

test('questions that repeat their document, or whose document ranks too high, are rejected as too easy', async () => {
  const index = memorySearcher(corpus);
  const mineAll = async (options: object) => {
    const rejects: Reject[] = [];
    const operator = bm25HardNeg({
      index,
      requirePositive: false,
      rejects: (one) => void rejects.push(one),
      ...options,
    });
    const out = await collect(
      operator(watched([{ id: 'd8', text: 'tide number8 moon1', question: 'Tide at number8?' }])),
    );
    return { out, reason: rejects[0]?.reason };
  };
  assert.equal((await mineAll({ maxPositiveShare: 0.7 })).out.length, 1);
  assert.equal(
    (await mineAll({ maxPositiveShare: 0.6 })).reason,
    'the question is too easy: 67 % of its words are in its document',
  );
  assert.equal((await mineAll({ minPositiveRank: 2 })).reason, 'the question is too easy: its document has rank 1');
});
