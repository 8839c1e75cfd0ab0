import assert from 'node:assert/strict';
import test from 'node:test';
import { crashRun } from '../support/crash.js';
import { workFolder } from '../support/workFolder.js';

test('a run that is killed 4 times writes the output of an undisturbed one, and pays for few calls twice', async (t) => {
  const figures = await crashRun({
    program: 'stages',
    folder: workFolder(t),
    records: 300,
    kills: 4,
    concurrency: 8,
    ordered: false,
    seed: 1,
  });
  assert.equal(figures.kills, 4);
  // Two stages with 8 calls at once, plus what is not committed yet at 32 records or 100 ms, with a margin for a slow disk.
  assert.ok(figures.mostLostByAKill < 2 * 200, JSON.stringify(figures));
});
