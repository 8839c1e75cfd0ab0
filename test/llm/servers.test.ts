import assert from 'node:assert/strict';
import test from 'node:test';
import { doc2Query } from '../../src/operators/doc2Query/doc2Query.js';
import { profileNames, serverProfiles } from '../../src/standIn/profiles/serverProfiles.js';
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
        const { attempts, thinking } = provenanceOf(record, 'doc2query');
        assert.match(String(record.question), /^How does glaciers depend on valleys/i);
        assert.equal(attempts, 1, 'what is learned costs no attempt');
        assert.equal(thinking === null, serverProfiles[profile].reasoningIn === 'hidden');
      }
      assert.equal(made.length, 2);
      const refused = ledger.calls.filter(({ status }) => status !== 200).length;
      assert.equal(ledger.calls.length, refused + 2);
      assert.equal(ledger.calls.at(-1)?.status, 200);
      assert.equal(ledger.calls.at(-2)?.status, 200, 'what was learned from the first record serves the second');
    }));
}
