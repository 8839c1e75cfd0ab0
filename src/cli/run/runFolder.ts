import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hasPlainState } from '../../pipeline/state/plainState.js';
import type { RunStore } from '../../pipeline/state/runStore.js';
import type { StatFs } from '../../store/networkFileSystem.js';
import { say } from '../progress/terminal.js';
import { runFolderPath } from '../runFolderPath.js';

/** OUTPUT.rareflow, the folder in which a run keeps its state. */
export interface RunFolder extends AsyncDisposable {
  path: string;
  store: RunStore;
}

/** Returns true if a run with this output can be resumed: not one that writes to stdout or to a device. */
export function canResume(output: string | undefined): output is string {
  return runFolderPath(output) !== undefined;
}

/** Returns true if a run was started at an output, finished or not. */
export function wasStarted(output: string): boolean {
  if (!canResume(output)) return false;
  const folder = folderOf(output);
  return existsSync(path.join(folder, 'run')) || hasPlainState(folder);
}

export interface OpenRunOptions {
  resume?: string | undefined;
  /** The seconds to wait for a process on another host. Default 0. */
  waitForOwner?: number | undefined;
  statfs?: StatFs | undefined;
  /** Called before anything is written, unless the run is finished: throws if the run cannot be made. */
  join?: (() => Promise<void>) | undefined;
  retryRejects?: boolean | undefined;
}

/**
 * Opens the folder for this process alone, and creates it if it is missing. A damaged store is set aside if `resume` is never or
 * rebuild. A process on another host that may be gone is waited for.
 *
 * @throws RunBusyError if another process has it open; StoreError that says what can be saved if the store is damaged
 */
export async function openRunFolder(output: string, options: OpenRunOptions = {}): Promise<RunFolder> {
  const folder = folderOf(output);
  const isNew = !wasStarted(output);
  if (isNew) await options.join?.();
  mkdirSync(folder, { recursive: true });
  const removeIfEmpty = () => {
    try {
      rmdirSync(folder);
    } catch {
      // It is not empty.
    }
  };
  try {
    const store = await openStoreOf(folder, output, options);
    if (!isNew && !isFinished(store, options)) await joinOrClose(store, options);
    return {
      path: folder,
      store,
      async [Symbol.asyncDispose]() {
        await store.close();
        removeIfEmpty();
      },
    };
  } catch (error) {
    removeIfEmpty();
    throw error;
  }
}

/** Returns true for a run that has nothing left to do, and is not begun again. */
function isFinished({ state }: RunStore, { resume, retryRejects }: OpenRunOptions): boolean {
  return state?.phase === 'done' && resume !== 'never' && !retryRejects;
}

async function joinOrClose(store: RunStore, { join }: OpenRunOptions): Promise<void> {
  try {
    await join?.();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The time between two looks at a run that another host owns. */
const POLL_MS = 1000;

/** Opens the store; says once that it waits for an owner on another host. */
async function openStoreOf(folder: string, output: string, options: OpenRunOptions): Promise<RunStore> {
  const { waitForOwner = 0 } = options;
  const untilMs = performance.now() + waitForOwner * 1000;
  for (let isSaid = false; ; ) {
    try {
      return await openStore(folder, output, options);
    } catch (error) {
      const { RunBusyError } = await import('../../pipeline/state/runLock.js');
      if (!(error instanceof RunBusyError) || !error.isElsewhere || performance.now() >= untilMs) throw error;
      if (!isSaid) say(`rareflow: ${error.message}; waiting up to ${waitForOwner} s for it to end or fall silent`);
      isSaid = true;
      await setTimeout(Math.min(POLL_MS, Math.max(1, untilMs - performance.now())));
    }
  }
}

async function openStore(folder: string, output: string, { resume, statfs }: OpenRunOptions): Promise<RunStore> {
  const [{ RunStore }, { DamagedStoreError }] = await Promise.all([
    import('../../pipeline/state/runStore.js'),
    import('../../store/storeErrors.js'),
  ]);
  let store: RunStore | undefined;
  try {
    store = new RunStore(folder, { statfs });
    void store.state;
    return store;
  } catch (error) {
    await store?.close();
    if (!(error instanceof DamagedStoreError)) throw error;
    const { damagedRun, setDamagedStoreAside } = await import('./damagedRun.js');
    if (resume !== 'never' && resume !== 'rebuild') throw await damagedRun(output, error);
    setDamagedStoreAside(folder);
    return new RunStore(folder, { statfs });
  }
}

function folderOf(output: string): string {
  return runFolderPath(output) as string;
}
