import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../src/errors.js';
import { doc2Query } from '../../src/operators/doc2Query/doc2Query.js';
import { reasonDistill } from '../../src/operators/reasonDistill/reasonDistill.js';
import type { DataRecord, Reject } from '../../src/record.js';
import { hardQuery, scriptedModel } from '../support/models.js';
import { collect } from '../support/sources.js';

test('keepExisting passes on records that have the output, as they are, without asking the model', async () => {
  const model = scriptedModel(() => hardQuery('Why does it ebb?'));
  const kept: string[] = [];
  const rejects: Reject[] = [];
  const records: DataRecord[] = [
    { id: 1, text: 'a', question: 'Asked before?', scenario: 's' },
    { id: 2, text: 'b' },
    { id: 3, text: 'c', question: ' ', scenario: '' },
    { id: 4, question: 'No text, but a question?' },
    { id: 5, text: 'd', question: null },
    { id: 6 },
  ];
  const made = await collect(
    doc2Query({
      model,
      keepExisting: true,
      onKept: (stage) => kept.push(stage),
      rejects: (one) => void rejects.push(one),
    })(records),
  );
  assert.deepEqual(
    made.map(({ id, question }) => [id, question]),
    [
      [1, 'Asked before?'],
      [2, 'Why does it ebb?'],
      [3, 'Why does it ebb?'],
      [4, 'No text, but a question?'],
      [5, 'Why does it ebb?'],
    ],
  );
  assert.equal(made[0], records[0]);
  assert.deepEqual([kept, model.requests.length, rejects.length], [['doc2query', 'doc2query'], 3, 1]);
});

test('keepExisting makes an output again that is empty', async () => {
  const model = scriptedModel(() => 'Because of the Moon.');
  const records = ['', 'Done.'].map((reasoning) => ({
    ...{ text: 'a', question: 'q?', scenario: 's', hard_negatives: ['n'], reasoning },
  }));
  const made = await collect(reasonDistill({ model, keepExisting: true })(records));
  assert.deepEqual(
    made.map(({ reasoning }) => reasoning),
    ['Because of the Moon.', 'Done.'],
  );
});

test('keepExisting and overwrite exclude each other', () => {
  const model = scriptedModel(() => '');
  assert.throws(() => doc2Query({ model, keepExisting: true, overwrite: true }), UsageError);
});
