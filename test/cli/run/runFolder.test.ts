import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { type OpenRunOptions, openRunFolder } from '../../../src/cli/run/runFolder.js';
import type { RunState } from '../../../src/pipeline/state/runState.js';
import { workFolder } from '../../support/workFolder.js';

const statfs = () => ({ type: 0x6969 });

/** A run whose owner on another host was heard of this long ago. */
function ownedElsewhere(folder: string, silentMs: number): string {
  const output = path.join(folder, 'out.jsonl');
  mkdirSync(`${output}.rareflow`, { recursive: true });
  const owner = { pid: 1, host: 'elsewhere', seenMs: Date.now() - silentMs };
  writeFileSync(path.join(`${output}.rareflow`, 'owner-000001.json'), JSON.stringify(owner));
  return output;
}

test('a run of a process on another host is waited for until the process has been silent for 90 s', async (t) => {
  const output = ownedElsewhere(workFolder(t), 89_500);
  await using folder = await openRunFolder(output, { waitForOwner: 60, statfs });
  assert.deepEqual(readdirSync(folder.path), ['owner-000002.json']);
});

test('a run of a process on another host that lives on is refused after the wait', async (t) => {
  const output = ownedElsewhere(workFolder(t), 0);
  const busy = /process 1 on elsewhere is writing this run/;
  await assert.rejects(openRunFolder(output, { statfs }), busy);
  await assert.rejects(openRunFolder(output, { waitForOwner: 0.2, statfs }), busy);
});

const refused = new Error('the queue is refused');
const refuse = async () => {
  throw refused;
};
const state: Omit<RunState, 'phase'> = {
  ...{ settings: {}, startedAt: '2026-11-28', sessions: 1, seconds: 1, outputBytes: 0, rejectsBytes: 0, finished: [] },
  counts: { out: 0, unread: 0, unwritable: 0, stages: [] },
};

test('a run that cannot be made leaves nothing behind', async (t) => {
  const folder = workFolder(t);
  await assert.rejects(openRunFolder(path.join(folder, 'out.jsonl'), { join: refuse }), refused);
  assert.deepEqual(readdirSync(folder), []);
});

test('a run that goes on joins its queue, and a finished one only if it is begun again', async (t) => {
  const output = path.join(workFolder(t), 'out.jsonl');
  const keep = async (phase: RunState['phase']) => {
    await using folder = await openRunFolder(output);
    folder.store.commit({ ...state, phase });
  };
  const joins = async (options: OpenRunOptions = {}) => {
    let joined = false;
    const join = async () => {
      joined = true;
    };
    await using _folder = await openRunFolder(output, { ...options, join });
    return joined;
  };
  await keep('running');
  assert.equal(await joins(), true);
  await assert.rejects(openRunFolder(output, { join: refuse }), refused);
  await keep('done');
  assert.deepEqual(
    [await joins(), await joins({ retryRejects: true }), await joins({ resume: 'never' })],
    [false, true, true],
  );
});
