import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { openRunFolder } from '../../../src/cli/run/runFolder.js';
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
