import assert from 'node:assert/strict';
import test from 'node:test';
import { doc2Query } from '../../src/operators/doc2Query.js';
import { profileNames } from '../../src/standIn/profiles/all.js';
import { provenanceOf } from '../support/provenance.js';
import { collect, watched } from '../support/sources.js';
import { withStandIn } from '../support/standInModel.js';

for (const profile of profileNames) {
  test(`doc2query finds the way to ask that ${profile} takes, and keeps its thinking apart`, () =>
    withStandIn({ profile, script: () => 'think' }, { temperature: 0.5, maxTokens: 500 }, async ({ model, ledger }) => {
      const op = doc2Query({ model });
      const made = [];
      for (const name of ['a', 'b'])
        made.push(...(await collect(op(watched([{ text: `Glaciers carve valleys, ${name}.` }])))));
      for (const record of made) {
        const { attempts, thinking, parsed } = provenanceOf(record, 'doc2query');
        assert.match(String(record.question), /^How does glaciers depend on valleys/i);
        assert.deepEqual([attempts, parsed], [1, parsed]);
        assert.ok(thinking !== undefined || profile.startsWith('openai'), 'OpenAI tells no thinking');
      }
      assert.equal(made.length, 2);
      const refused = ledger.calls.filter(({ status }) => status !== 200).length;
      assert.equal(ledger.calls.length, refused + 2);
      assert.equal(ledger.calls.at(-1)?.status, 200);
      assert.equal(ledger.calls.at(-2)?.status, 200, 'what was learned from the first record serves the second');
    }));
}
