import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { cacheOption } from '../../../../src/cli/options/cacheFolder.js';
import { withLocalCopies } from '../../../../src/cli/options/shards/localCopies.js';
import { shardOptions } from '../../../../src/cli/options/shards/shardOptions.js';
import { workFolder } from '../../../support/workFolder.js';

const options = { ...shardOptions, cache: cacheOption };
const statfs = (file: string) => ({ type: file.includes('shared') ? 0x6969 : 0xef53 });
type Flags = { output: string; workDir: string; index?: string; cache?: string | false; model?: string };

test('on a network file system the cache and a copy of the index are in the work folder', async (t) => {
  const folder = workFolder(t);
  const [shared, workDir] = [path.join(folder, 'shared'), path.join(folder, 'local')];
  const index = path.join(shared, 'corpus.bm25');
  mkdirSync(index, { recursive: true });
  writeFileSync(path.join(index, 'manifest'), 'one');
  const given: Flags = { output: path.join(shared, 'out.jsonl'), workDir, index };
  const local = await withLocalCopies(options, given, { env: {}, statfs });
  assert.equal(local.cache, path.join(workDir, 'cache'));
  assert.equal(readFileSync(path.join(local.index as string, 'manifest'), 'utf8'), 'one');
  // The copy is used again until the index is another one.
  assert.equal((await withLocalCopies(options, given, { env: {}, statfs })).index, local.index);
  writeFileSync(path.join(index, 'manifest'), 'another');
  const next = await withLocalCopies(options, given, { env: {}, statfs });
  assert.notEqual(next.index, local.index);
  assert.equal(readFileSync(path.join(next.index as string, 'manifest'), 'utf8'), 'another');
  assert.equal(readdirSync(workDir).filter((name) => name.includes('partial')).length, 0);
});

test('a cache that is named, none at all, and files on a local disk stay as they are', async (t) => {
  const folder = workFolder(t);
  const output = path.join(folder, 'shared.jsonl');
  for (const more of [{ cache: 'mine' }, { cache: false as const }, { model: 'offline' }]) {
    const given: Flags = { output, workDir: folder, ...more };
    assert.deepEqual(await withLocalCopies(options, given, { env: {}, statfs }), given);
  }
  const env = { RAREFLOW_CACHE: 'mine' };
  assert.equal(
    (await withLocalCopies(options, { output, workDir: folder } as Flags, { env, statfs })).cache,
    undefined,
  );
  const given: Flags = { output: path.join(folder, 'out.jsonl'), workDir: folder, index: folder };
  assert.deepEqual(await withLocalCopies(options, given, { env: {}, statfs }), given);
});
