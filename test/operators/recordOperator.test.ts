import assert from 'node:assert/strict';
import test from 'node:test';
import { doc2Query, type Reject, recordOperator, textInput } from '../../src/index.js';
import { offlineModel } from '../../src/llm/offline/offlineModel.js';
import type { DataRecord } from '../../src/record.js';
import { collect, watched } from '../support/sources.js';

test('output keys that would overwrite each other or the provenance are refused', () => {
  const model = offlineModel();
  const make = (question: string, scenario?: string) => () =>
    doc2Query({ model, questionKey: question, scenarioKey: scenario });
  assert.throws(make('q', 'q'), /two outputs would be written under the key "q"/);
  assert.throws(make('_rareflow'), /no output can be written under the key "_rareflow"/);
  assert.throws(make('q', '__proto__'), /no output can be written under the key "__proto__"/);
  assert.ok(make('q', 's')());
});

function withKeys(count: number): DataRecord {
  const others = Array.from({ length: count - 1 }, (_, n) => [`key${n}`, n]);
  return Object.fromEntries([['text', 'The moon pulls the tide.'], ...others]);
}

test('a record of 100,000 keys is processed, one of a million is rejected at once', async () => {
  const rejects: Reject[] = [];
  const stage = doc2Query({ model: offlineModel(), rejects: (one) => void rejects.push(one) });
  const records = [{ text: 'The tide turns.' }, withKeys(100_000), withKeys(10 ** 6)];
  const startedUs = process.cpuUsage().user;
  const out = await collect(stage(watched(records)));
  assert.ok(process.cpuUsage().user - startedUs < 2e6);
  assert.deepEqual(
    out.map((record) => Object.keys(record).length),
    [4, 100_003],
  );
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    ['it has more than 100000 keys'],
  );
});

test('the provenance is the last key, and that of earlier stages stays', async () => {
  const stage = doc2Query({ model: offlineModel() });
  const first = { _rareflow: { earlier: 1 }, text: 'The tide turns.' };
  for (const record of [first, { text: 'The tide turns.' }, { _rareflow: undefined, text: 'The tide turns.' }]) {
    const [made] = await collect(stage(watched<DataRecord>([record])));
    assert.deepEqual(Object.keys(made ?? {}), ['text', 'question', 'scenario', '_rareflow']);
    const stages = record === first ? ['earlier', 'doc2query'] : ['doc2query'];
    assert.deepEqual(Object.keys(made?._rareflow as object), stages);
  }
  assert.deepEqual(first, { _rareflow: { earlier: 1 }, text: 'The tide turns.' });
});

test('a record that overflows the stack is rejected, the others are not', async () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  const rejected: Reject[] = [];
  const measure = recordOperator(
    { stage: 'measure', inputs: [textInput('text', 'textKey')], outputs: ['length'] },
    { rejects: (reject) => void rejected.push(reject) },
    async (record) => [{ fields: { length: JSON.stringify(record).length }, provenance: {} }],
  );
  const records: object[] = [];
  for await (const record of measure([{ text: 'a' }, { text: 'b', deep }, { text: 'c' }])) records.push(record);
  assert.equal(records.length, 2);
  assert.deepEqual(
    rejected.map(({ reason }) => reason),
    ['nested too deep to be processed'],
  );
});
