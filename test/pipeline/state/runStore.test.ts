import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { newRun } from '../../../src/pipeline/resumeRun.js';
import { RunBusyError } from '../../../src/pipeline/state/runLock.js';
import { RunStore, seeRun } from '../../../src/pipeline/state/runStore.js';
import { networkFileSystem } from '../../../src/store/networkFileSystem.js';
import { workFolder } from '../../support/workFolder.js';

const nfs = { statfs: () => ({ type: 0x6969 }) };
const state = { ...newRun({ seed: 1 }, ['a']), finished: [0, 2] };
state.counts.out = 2;

const ownerFiles = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('owner'));

test('a network file system is known by its type, and a path that does not exist by its folder', () => {
  const types = {
    NFS: 0x6969,
    Lustre: 0x0bd00bd0,
    CIFS: 0xff534d42,
    GPFS: 0x47504653,
    Ceph: 0x00c36400,
    FUSE: 0x65735546,
  };
  for (const [name, type] of Object.entries(types)) {
    assert.equal(
      networkFileSystem('/tmp/not/there', () => ({ type })),
      name,
    );
  }
  assert.equal(
    networkFileSystem('/', () => ({ type: 0xff534d42 | 0 })),
    'CIFS',
  );
  assert.equal(
    networkFileSystem('/', () => ({ type: 0xef53 })),
    undefined,
  );
  assert.equal(networkFileSystem(import.meta.dirname), undefined);
});

test('on a network file system the state is one plain file, and no LMDB store is made', async (t) => {
  const folder = path.join(workFolder(t), 'out.jsonl.rareflow');
  mkdirSync(folder);
  const store = new RunStore(folder, nfs);
  store.commit(state);
  await store.commitAsync({ ...state, sessions: 2 });
  assert.deepEqual((await seeRun(folder))?.owner?.pid, process.pid);
  await store.close();
  assert.deepEqual(readdirSync(folder).sort(), ['owner-000001.json', 'state.json']);
  assert.equal((await seeRun(folder))?.state?.sessions, 2);
  assert.equal((await seeRun(folder))?.owner, undefined);
  // The folder may be copied to a disk: the state stays where it is.
  await using again = new RunStore(folder);
  assert.equal(again.state?.sessions, 2);
  assert.deepEqual(ownerFiles(folder), ['owner-000002.json']);
  assert.equal(existsSync(path.join(folder, 'run')), false);
});

test('a run that was begun in LMDB stays there', async (t) => {
  const folder = workFolder(t);
  const first = new RunStore(folder);
  first.commit(state);
  await first.close();
  await using again = new RunStore(folder, nfs);
  assert.equal(again.state?.sessions, 1);
  assert.equal(existsSync(path.join(folder, 'state.json')), false);
});

test('a plain state that keeps nothing is removed, and one that was changed on disk is refused', async (t) => {
  const folder = workFolder(t);
  await new RunStore(folder, nfs).close();
  assert.deepEqual(readdirSync(folder), []);
  const store = new RunStore(folder, nfs);
  store.commit(state);
  const file = path.join(folder, 'state.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"seed":1', '"seed":2'));
  assert.throws(() => store.state, /state\.json is damaged or not a store: the value of "run" has a wrong checksum/);
  await store.close();
});

test('a plain state has one owner: a live one is kept, a silent or killed one is replaced', async (t) => {
  const folder = workFolder(t);
  const owner = (number: number, change: object) =>
    writeFileSync(
      path.join(folder, `owner-00000${number}.json`),
      JSON.stringify({ pid: 4, host: 'elsewhere', ...change }),
    );
  owner(3, { seenMs: Date.now() - 80_000 });
  assert.throws(
    () => new RunStore(folder, nfs),
    (error) =>
      error instanceof RunBusyError && error.isElsewhere && /process 4 on elsewhere is writing/.test(error.message),
  );
  owner(3, { seenMs: Date.now() - 91_000 });
  const store = new RunStore(folder, nfs);
  assert.deepEqual(ownerFiles(folder), ['owner-000004.json']);
  assert.throws(
    () => new RunStore(folder, nfs),
    (error) => error instanceof RunBusyError && !error.isElsewhere,
  );
  store.commit(state);
  // Frozen for long, and replaced meanwhile.
  owner(5, { seenMs: Date.now() });
  assert.throws(() => store.commit(state), /another process has taken this run over/);
  await assert.rejects(store.commitAsync(state), /another process has taken this run over/);
  await store.close();
  assert.deepEqual(ownerFiles(folder), ['owner-000004.json', 'owner-000005.json']);
  owner(5, { host: hostname(), pid: 2 ** 22, boot: 'an earlier one', seenMs: Date.now() });
  await using last = new RunStore(folder, nfs);
  assert.equal(last.state?.sessions, 1);
});
