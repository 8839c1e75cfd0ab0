import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashIndex } from '../../support/crashIndex.js';
import { workFolder } from '../helpers.js';

describe('kill -9 at any moment leaves the old index or the new one, and the way free', { concurrency: true }, () => {
  for (const work of ['build', 'commit'] as const) {
    test(`of a ${work}`, async (t) => {
      const folder = await workFolder(t);
      const outcome = await crashIndex({ work, docs: 800, kills: 4, seed: 1, folder });
      assert.equal(outcome.old + outcome.new, 4);
    });
  }
});
