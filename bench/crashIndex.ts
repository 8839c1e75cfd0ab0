/**
 * Does an index survive a kill at any moment? Builds, and commits of FlexSearch, over an index that is there are killed by SIGKILL at
 * seeded moments, spread over how long they take undisturbed. After each the index must be the old one or the new one: every checksum
 * is read, and all ids, texts and answers are compared; and the work, done again, must succeed and leave no other file. One JSON line
 * a kind of work; a broken promise ends the bench with an error.
 *
 * usage: npm run -s bench -- crash-index [--kills 20] [--docs 20000] [--seed 1]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { crashIndex } from '../test/support/crashIndex.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    docs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const [kills, docs, seed] = [values.kills, values.docs, values.seed].map(Number) as [number, number, number];

for (const work of ['build', 'commit'] as const) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-crash-'));
  try {
    const outcome = await crashIndex({ work, docs, kills, seed, folder });
    console.log(JSON.stringify({ bench: 'crash-index', work, docs, kills, seed, ...outcome }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
