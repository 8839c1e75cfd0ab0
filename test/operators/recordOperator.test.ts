import assert from 'node:assert/strict';
import test from 'node:test';
import { doc2Query } from '../../src/index.js';
import { offlineModel } from '../../src/llm/offline/offlineModel.js';

test('output keys that would overwrite each other or the provenance are refused', () => {
  const model = offlineModel();
  const make = (question: string, scenario?: string) => () =>
    doc2Query({ model, questionKey: question, scenarioKey: scenario });
  assert.throws(make('q', 'q'), /two outputs would be written under the key "q"/);
  assert.throws(make('_rareflow'), /no output can be written under the key "_rareflow"/);
  assert.throws(make('q', '__proto__'), /no output can be written under the key "__proto__"/);
  assert.ok(make('q', 's')());
});
