import assert from 'node:assert/strict';
import test from 'node:test';
import { bm25HardNeg } from '../../../src/operators/bm25HardNeg/bm25HardNeg.js';
import { mineRows, pairForm } from '../../../src/operators/bm25HardNeg/mineRows.js';
import { findSharedPositives } from '../../../src/operators/bm25HardNeg/sharedPositives.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { fixture, readLines } from '../../search/helpers.js';
import { memorySearcher } from '../../support/memorySearcher.js';
import { collect } from '../../support/sources.js';

const records: (DataRecord & { id: string; text: string })[] = [];
for await (const record of readLines(fixture('field/multi.jsonl'))) records.push(record as (typeof records)[number]);
const options = { index: memorySearcher(records), numNeg: 4, sampling: 'top' as const };
const answers = records.filter(({ question }) => question === 'which drug lowers fever').map(({ text }) => text);

test('the positives of a question in other records are negatives of it unless they are looked for', async () => {
  const usual = await collect(bm25HardNeg(options)(records));
  assert.ok(usual[0]?.hard_negatives.some((text) => answers.includes(text)));
});

const variants: [string, (record: DataRecord) => DataRecord][] = [
  ['with their ids', (record) => record],
  ['without ids', ({ id: _, ...record }) => record],
  ['in another case and spacing', (record) => ({ ...record, question: ` ${record.question} `.toUpperCase() })],
];
for (const [what, change] of variants) {
  test(`the documents of one question are never negatives of one another, ${what}`, async () => {
    const given = records.map((record, n) => (n === 0 ? record : change(record)));
    const sharedPositives = await findSharedPositives(given);
    assert.equal(sharedPositives.size, 1);
    const mined = await collect(bm25HardNeg({ ...options, sharedPositives })(given));
    for (const { hard_negatives } of mined.slice(0, 3)) {
      assert.deepEqual(
        (hard_negatives as string[]).filter((text) => answers.includes(text)),
        [],
      );
    }
    assert.ok(
      mined.at(-1)?.hard_negatives.some((text: string) => answers.includes(text)),
      'other questions may have them',
    );
  });
}

const pairs = async (rows: DataRecord[]) => {
  const rejects: Reject[] = [];
  const form = pairForm({ questionKey: 'question', textKey: 'text', negativesKey: 'hard_negatives' });
  const mine = bm25HardNeg({ ...options, provenance: false, requirePositive: false });
  const made = mineRows(mine, form)(rows, { rejects: (reject) => void rejects.push(reject) });
  return { made: await collect(made), rejects };
};
const [p1, p2, p3, n1, n2] = records.map(({ text }) => text) as [string, string, string, string, string];
const query = 'which drug lowers fever';

test('a row of query, pos and neg is written back as it was with further negatives, which no positive is among', async () => {
  const { made } = await pairs([
    { query, pos: [p1, p2], neg: [n2], source: 'mine' },
    { query, pos: [p3], neg: [] },
    { query, pos: [p1, p2, p3] },
  ]);
  assert.deepEqual(made, [
    { query, pos: [p1, p2], neg: [n2, p3, n1], source: 'mine' },
    { query, pos: [p3], neg: [p1, p2, n1, n2] },
    { query, pos: [p1, p2, p3], neg: [n1, n2] },
  ]);
});

test("a teacher's scores, one for each text, do not stay beside negatives that it has not seen", async () => {
  const { made } = await pairs([{ query, pos: [p1, p2], neg: [n2], pos_scores: [0.9, 0.8], neg_scores: [0.1] }]);
  assert.deepEqual(made, [{ query, pos: [p1, p2], neg: [n2, p3, n1] }]);
});

test('a row of pairs of instruction and text gets its negatives as pairs', async () => {
  const row = { query: ['Find it.', query], pos: [['', p1]], neg: [['', p2]] };
  const { made } = await pairs([row]);
  assert.deepEqual(made, [
    {
      ...row,
      neg: [
        ['', p2],
        ['', p3],
        ['', n1],
        ['', n2],
      ],
    },
  ]);
});

test('a row that cannot be mined for is rejected as it was, and records of the usual form pass between rows', async () => {
  const bad = { query: 'zebra', pos: [p1] };
  const { made, rejects } = await pairs([bad, { query, pos: [] }, records[4] as DataRecord]);
  assert.deepEqual(
    rejects.map(({ record }) => record).toSorted((a, b) => JSON.stringify(b).length - JSON.stringify(a).length),
    [bad, { query, pos: [] }],
  );
  assert.deepEqual(Object.keys(made[0] ?? {}), ['id', 'text', 'question', 'hard_negatives']);
});
