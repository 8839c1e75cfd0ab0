import assert from 'node:assert/strict';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { bm25HardNeg, doc2Query, reasonDistill, recordOperator, textInput } from '../../src/index.js';
import { memorySearcher } from '../support/memorySearcher.js';
import { hardQuery, scriptedModel } from '../support/models.js';
import { collect } from '../support/sources.js';

interface Page {
  url: string;
  body: string;
}
const pages: Page[] = [{ url: 'a', body: 'the tide turns' }];
const model = scriptedModel(() => hardQuery('Why does the tide turn?', 'A pilot asks.'));
const index = memorySearcher([
  { id: 'a', text: 'the tide turns' },
  { id: 'b', text: 'the tide' },
]);

test('a record is typed from its source to the end of the chain, without a cast', async () => {
  const [record] = await collect(
    from(pages).pipe(
      doc2Query({ model, textKey: 'body' }),
      bm25HardNeg({ index, textKey: 'body', numNeg: 1, details: true }),
      reasonDistill({ model, textKey: 'body' }),
    ),
  );
  assert.ok(record !== undefined);
  assert.equal(record.question.length + record.url.length, 'Why does the tide turn?'.length + 1);
  assert.equal(record.hard_negatives[0]?.length, 8);
  assert.equal(record.hard_negatives_details.negatives[0]?.rank, 2);
  assert.ok(record.reasoning.startsWith('Some thoughts') && record.scenario.startsWith('A pilot'));
  assert.equal(record._rareflow.doc2query.prompt, 'doc2query-2');
  assert.equal(record._rareflow.bm25_hard_neg.negatives.length, 1);
  assert.equal(record._rareflow.reason_distill.order.length, 2);
});

test('keys that an option names are typed under that name, and the default name is gone', async () => {
  const [record] = await collect(
    doc2Query({ model, textKey: 'body', questionKey: 'q', scenarioKey: '', provenance: false })(pages),
  );
  assert.equal(record?.q.startsWith('Why'), true);
  // @ts-expect-error the question is under another key
  assert.equal(record?.question, undefined);
  // @ts-expect-error '' stands for no scenario
  assert.equal(record?.scenario, undefined);
  // @ts-expect-error provenance is left out
  assert.equal(record?._rareflow, undefined);
  assert.deepEqual(Object.keys(record ?? {}), ['url', 'body', 'q']);
});

test('earlier names of keys are typed too', async () => {
  const [record] = await collect(doc2Query({ model, inputKey: 'body', outputQuestionKey: 'q' })(pages));
  assert.equal(record?.q.startsWith('Why'), true);
});

test('a custom operator types its input keys and the fields that it adds', async () => {
  const stage = { stage: 'lengths', inputs: [textInput('body')], outputs: ['length'] } as const;
  const lengths = recordOperator(stage, {}, async ({ body }) => [
    { fields: { length: body.length }, provenance: { unit: 'characters' } },
  ]);
  const [record] = await collect(lengths(pages));
  assert.equal(record?.length.toFixed(), '14');
  assert.equal(record?._rareflow.lengths.unit, 'characters');
  assert.equal(record?.url.length, 1);
});

test('a misspelt option of a custom operator is refused', () => {
  const options = { concurency: 2 } as object;
  assert.throws(
    () => recordOperator({ stage: 'mine', inputs: [], outputs: [] }, options, async () => []),
    /mine has no option "concurency"/,
  );
});
