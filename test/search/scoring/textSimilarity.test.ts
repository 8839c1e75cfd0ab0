import assert from 'node:assert/strict';
import test from 'node:test';
import { openIndex } from '../../../src/search/bm25Index.js';
import { built, fixture, readLines } from '../helpers.js';

test('the score of a text is that of its document in a search, for both weightings', async (t) => {
  const { target } = await built(t, readLines(fixture('../../examples/corpus.jsonl')));
  await using index = await openIndex(target);
  const query = 'why is the tidal range greatest at new moon and the tides at full moon';
  for (const weighting of ['lucene', 'dataflow'] as const) {
    const hits = await index.search(query, { k: 20, weighting });
    assert.equal(hits.length, 20);
    for (const { docId, score } of hits) {
      const own = await index.score(query, index.text(docId), { weighting });
      assert.ok(Math.abs(own - score) < 1e-9, `${own} for ${score}`);
    }
  }
  assert.equal(await index.score(query, 'nothing shared'), 0);
});

test('similarities are the cosines of BM25 weight vectors', async (t) => {
  const { target } = await built(t, [
    { id: 'a', text: 'tide moon tide' },
    { id: 'b', text: 'tide sun' },
    { id: 'c', text: 'harbour' },
  ]);
  await using index = await openIndex(target);
  const [same, near, none] = await index.similarities('tide moon tide', [
    { docId: 0 },
    { docId: 1, text: 'tide sun' },
    { docId: 2 },
  ]);
  const norm = (length: number) => 0.9 * (0.6 + (0.4 * length) / 2);
  const idf = (docFreq: number) => Math.log(1 + (3 - docFreq + 0.5) / (docFreq + 0.5));
  const a = [(idf(2) * 2) / (2 + norm(3)), idf(1) / (1 + norm(3))] as const;
  const b = [idf(2) / (1 + norm(2)), idf(1) / (1 + norm(2))] as const;
  const expected = (a[0] * b[0]) / (Math.hypot(...a) * Math.hypot(...b));
  assert.ok(Math.abs((same ?? 0) - 1) < 1e-12);
  assert.ok(Math.abs((near ?? 0) - expected) < 1e-12, `${near} for ${expected}`);
  assert.equal(none, 0);
  assert.deepEqual(await index.similarities('', [{ docId: 0 }]), [0]);
});
