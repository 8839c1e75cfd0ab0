import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import type { RunStore } from '../../pipeline/runStore.js';
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
  return canResume(output) && existsSync(path.join(folderOf(output), 'run'));
}

/**
 * Opens the folder for this process alone, and creates it if it is missing. A damaged store is set aside if `resume` is never or rebuild.
 *
 * @throws RareflowError if another process has it open; StoreError that says what can be saved if the store is damaged
 */
export async function openRunFolder(output: string, resume?: string): Promise<RunFolder> {
  const folder = folderOf(output);
  mkdirSync(folder, { recursive: true });
  const removeIfEmpty = () => {
    try {
      rmdirSync(folder);
    } catch {
      // It is not empty.
    }
  };
  try {
    const store = await openStore(folder, output, resume);
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

async function openStore(folder: string, output: string, resume: string | undefined): Promise<RunStore> {
  const [{ RunStore }, { DamagedStoreError }] = await Promise.all([
    import('../../pipeline/runStore.js'),
    import('../../store/storeErrors.js'),
  ]);
  let store: RunStore | undefined;
  try {
    store = new RunStore(folder);
    void store.state;
    return store;
  } catch (error) {
    await store?.close();
    if (!(error instanceof DamagedStoreError)) throw error;
    const { damagedRun, setDamagedStoreAside } = await import('./damagedRun.js');
    if (resume !== 'never' && resume !== 'rebuild') throw await damagedRun(output, error);
    setDamagedStoreAside(folder);
    return new RunStore(folder);
  }
}

function folderOf(output: string): string {
  return runFolderPath(output) as string;
}
