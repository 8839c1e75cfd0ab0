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

/** Opens the folder for this process alone, and creates it if it is missing. Throws if another process has it open. */
export async function openRunFolder(output: string): Promise<RunFolder> {
  const { RunStore } = await import('../../pipeline/runStore.js');
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
    const store = new RunStore(folder);
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

function folderOf(output: string): string {
  return runFolderPath(output) as string;
}
