import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { rareChain } from '../../src/chain/rareChain.js';
import { InputError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { createModel } from '../../src/llm/createModel.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { root } from '../support/command.js';
import { workFolder } from '../support/workFolder.js';

const nasty = path.join(root, 'test/fixtures/nasty');
const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0);

test('every nasty file goes through a whole run: in + extra = out + rejects, in the counts and in the files', async (t) => {
  const folder = workFolder(t);
  const model = createModel({ model: 'offline' });
  t.after(() => model.close());
  let finished = 0;
  let indexed = '';
  for (const name of readdirSync(nasty).filter((file) => file !== 'MANIFEST.json')) {
    const output = path.join(folder, `${name}.out`);
    const rejects = path.join(folder, `${name}.rejects`);
    const input = path.join(nasty, name);
    const quiet = { rejects: () => {} };
    await buildIndex(readRecords(input, quiet), path.join(folder, `${name}.bm25`), quiet).catch((error: unknown) => {
      assert.ok(error instanceof InputError, `${name}: ${error}`);
    });
    // A file that cannot be indexed is mined in the index of the last one that could.
    const place = path.join(folder, `${name}.bm25`);
    indexed = existsSync(path.join(place, 'index.json')) ? place : indexed;
    const index = await openIndex(indexed);
    await using store = new RunStore(path.join(folder, `${name}.run`));
    const { stages } = rareChain({
      ...{ model, index, overwrite: true, requirePositive: false, sampling: 'top', queriesPerDoc: 2 },
    });
    const run = runPipeline({
      source: (context) => readRecords(input, context),
      stages,
      checkpoint: {
        store,
        settings: { name },
        output: durableJsonl(output),
        rejects: durableJsonl(rejects, { partial: false }),
      },
    });
    const end = await run.catch((error: unknown) => {
      assert.ok(error instanceof InputError, `${name}: ${error}`);
      return undefined;
    });
    await index.close();
    if (end === undefined) {
      assert.equal(existsSync(output), false, name);
      continue;
    }
    finished += 1;
    assert.equal(end.pending, 0, name);
    assert.equal(end.in + end.extra, end.out + end.rejected, name);
    assert.deepEqual([lines(output), lines(rejects)], [end.out, end.rejected], name);
  }
  assert.ok(finished >= 20, `${finished} files gave records`);
});
