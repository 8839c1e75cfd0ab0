import assert from 'node:assert/strict';
import test from 'node:test';
import { type Bm25HardNegOptions, bm25HardNeg } from '../../../src/operators/bm25HardNeg/bm25HardNeg.js';
import type { DataRecord } from '../../../src/record.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { built, needsShared, readLines, sharedFile } from '../../search/helpers.js';
import { memorySearcher } from '../../support/memorySearcher.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';

async function mine(index: Bm25HardNegOptions['index'], record: DataRecord, options: Partial<Bm25HardNegOptions>) {
  const [out] = await collect(bm25HardNeg({ index, ...options })(watched([record])));
  return out;
}

test('dataflow takes all but its own row: a copy of the positive, a text twice, and documents of score 0', async () => {
  const index = memorySearcher([
    { id: 'a', text: 'no match' },
    { id: 'b', text: 'tide' },
    { id: 'c', text: 'tide' },
    { id: 'd', text: 'none either' },
  ]);
  const out = await mine(index, { id: 'b', text: 'tide', question: 'tide' }, { profile: 'dataflow' });
  assert.deepEqual(out?.hard_negatives, ['tide', 'no match', 'none either']);
  assert.deepEqual(provenanceOf(out, 'bm25_hard_neg'), {
    profile: 'dataflow',
    weighting: 'dataflow',
    negatives: [
      { id: 'c', rank: 2, score: 1 },
      { id: 'a', rank: 3, score: 0 },
      { id: 'd', rank: 4, score: 0 },
    ],
    positive: { rank: 1, score: 1 },
    shortfall: 0,
  });
});

test('dataflow without ids leaves out one document of the text, the best ranked', async () => {
  const index = memorySearcher([
    { id: '0', text: 'tide' },
    { id: '1', text: 'tide' },
  ]);
  const out = await mine(index, { text: 'tide', question: 'tide' }, { profile: 'dataflow' });
  assert.deepEqual(out?.hard_negatives, ['tide']);
});

test('reasonir takes rank 21 for scenario and question, or the next whose text is not the positive', async () => {
  const documents = Array.from(range(60), (n) => ({ id: `d${n}`, text: `tide moon number${n}` }));
  const copies = [20, 21, 22].map((n) => ({ ...documents[n], text: 'tide moon sun' }));
  const index = memorySearcher(documents.with(20, copies[0] as never).with(21, copies[1] as never));
  const record = { id: 'd20', text: 'tide moon sun', question: 'tide', scenario: 'the moon' };
  const out = await mine(index, record, { profile: 'reasonir' });
  const { negatives } = provenanceOf(out, 'bm25_hard_neg');
  assert.deepEqual(negatives, [{ id: 'd22', rank: 23, score: 2 }]);
});

test('a profile accepts numNeg and refuses every other rule', () => {
  const index = memorySearcher([]);
  assert.doesNotThrow(() => bm25HardNeg({ index, profile: 'reasonir', numNeg: 4 }));
  assert.throws(
    () => bm25HardNeg({ index, profile: 'dataflow', maxScoreRatio: 0.9, weighting: 'lucene' }),
    /so maxScoreRatio, weighting cannot be set/,
  );
  assert.throws(
    () => bm25HardNeg({ index, profile: 'other' as never }),
    /profile must be dataflow or reasonir, got the string "other"/,
  );
});

/** The exact top 20 of DataFlow's weighting for the titles of 200 abstracts. */
test('dataflow chooses the documents of the reference ranking', needsShared, async (t) => {
  const { target } = await built(t, readLines(sharedFile('data', 'fixture_arxiv_2k', 'corpus.jsonl')));
  await using index = await openIndex(target);
  const titles = new Map<unknown, unknown>();
  for await (const { id, text } of readLines(sharedFile('data', 'fixture_arxiv_2k', 'queries.jsonl')))
    titles.set(id, text);
  let questions = 0;
  for await (const { id, dataflow } of readLines(sharedFile('golden', 'fixture_arxiv_2k.top.jsonl'))) {
    const own = String(id).replace('t:', 'arxiv:');
    const [docId] = index.docIds(own);
    const record = { id: own, text: index.text(docId as number), question: titles.get(id) };
    const ranking = (dataflow as [string, number][]).map(([found]) => found).filter((found) => found !== own);
    const out = await mine(index, record, { profile: 'dataflow', numNeg: 10 });
    const { negatives } = provenanceOf(out, 'bm25_hard_neg') as { negatives: { id: string }[] };
    assert.deepEqual(
      negatives.map((negative) => negative.id),
      ranking.slice(0, 10),
    );
    questions++;
  }
  assert.equal(questions, 200);
});

test('a profile on an index that is not English says so, and what to do', () => {
  const remarks = (name: string | undefined) => {
    const said: string[] = [];
    const index = {
      ...memorySearcher([{ id: 'a', text: 'tide' }]),
      analyzer: name === undefined ? undefined : { name },
    };
    for (const profile of ['dataflow', 'reasonir'] as const) {
      bm25HardNeg({ index, profile, onNotice: (notice) => void said.push(notice) });
    }
    bm25HardNeg({ index, onNotice: (notice) => void said.push(notice) });
    return said;
  };
  assert.deepEqual(remarks('english'), []);
  assert.deepEqual(remarks(undefined), []);
  const [dataflow, reasonir, ...others] = remarks('multilingual-3');
  assert.match(
    dataflow ?? '',
    /profile dataflow .* analyzer english; this one has multilingual-3: rebuild it with --analyzer english/,
  );
  assert.match(reasonir ?? '', /profile reasonir/);
  assert.deepEqual(others, []);
});
