import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { RareflowError } from '../../../src/errors.js';
import { lockFile } from '../../../src/pipeline/state/fileLock.js';
import { RunStore } from '../../../src/pipeline/state/runStore.js';
import { Store } from '../../../src/store/store.js';
import { workFolder } from '../../support/workFolder.js';

const hasLocks = (t: TestContext) => lockFile(path.join(import.meta.filename)) !== undefined || t.skip('no file locks');

/** Starts a process that has a run open until it is killed. */
async function owner(t: TestContext, folder: string, wrapper: string[] = []) {
  const module = path.resolve(import.meta.dirname, '../../../src/pipeline/state/runStore.ts');
  const script = `import { RunStore } from ${JSON.stringify(module)}; new RunStore(${JSON.stringify(folder)}); console.log('open'); setInterval(() => {}, 1000);`;
  const line = [...wrapper, process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(line[0] as string, line.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** Replaces what the store says of its owner, as another machine, boot or PID namespace would see it. */
async function claim(folder: string, change: object): Promise<void> {
  await using store = new Store({ path: path.join(folder, 'run'), kind: 'run', version: 1 });
  const owners = store.table<string, object>('owners');
  owners.put('owner', { ...owners.get('owner'), ...change });
}

const isBusy = (error: unknown) =>
  error instanceof RareflowError && /is writing this run/.test(error.message) && !/remove/.test(error.hint ?? '');

test('a live run is never taken over, whatever its pid, boot or silence says', async (t) => {
  if (!hasLocks(t)) return;
  const folder = workFolder(t);
  await owner(t, folder);
  for (const change of [
    { pid: 1, start: '1' },
    { pid: process.pid, boot: 'another' },
    { host: 'elsewhere', seenMs: 0 },
  ]) {
    await claim(folder, change);
    assert.throws(() => new RunStore(folder), isBusy);
  }
});

test('a run whose process was killed is taken over at once, even if its pid is in use again', async (t) => {
  if (!hasLocks(t)) return;
  const folder = workFolder(t);
  const child = await owner(t, folder);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { start, boot } = { start: undefined, boot: undefined };
  await claim(folder, { pid: process.pid, host: 'elsewhere', seenMs: Date.now(), start, boot });
  const store = new RunStore(folder);
  await store.close();
});

test('a live run in another PID namespace is refused', async (t) => {
  const wrapper = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  if (!hasLocks(t) || spawnSync(wrapper[0] as string, [...wrapper.slice(1), 'true']).status !== 0) {
    t.skip('no PID namespaces here');
    return;
  }
  const folder = workFolder(t);
  await owner(t, folder, wrapper);
  assert.throws(() => new RunStore(folder), isBusy);
});
