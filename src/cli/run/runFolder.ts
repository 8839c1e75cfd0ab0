import { existsSync, mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RunStore } from '../../pipeline/runStore.js';
import { workFolderOf } from './workFolder.js';

/** OUTPUT.rareflow, where a run keeps how far it is. */
export interface RunFolder extends AsyncDisposable {
  path: string;
  store: RunStore;
}

/** Whether a run that writes there can be gone on with: not one to stdout or to a device. */
export function canResume(output: string | undefined): output is string {
  return workFolderOf(output) !== undefined;
}

/** Whether a run was begun at an output, come to its end or not. */
export function wasBegun(output: string): boolean {
  return canResume(output) && existsSync(path.join(folderOf(output), 'run'));
}

/** Opens the folder for this process alone, and makes it where it is missing. Throws where another process writes the run. */
export function openRunFolder(output: string): RunFolder {
  const folder = folderOf(output);
  mkdirSync(folder, { recursive: true });
  const leave = () => {
    try {
      rmdirSync(folder);
    } catch {
      // It holds something.
    }
  };
  try {
    const store = new RunStore(folder);
    return {
      path: folder,
      store,
      async [Symbol.asyncDispose]() {
        await store.close();
        leave();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/** Writes a file in one step: it is never seen half. */
export function writeJson(file: string, value: unknown): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(temporary, file);
}

function folderOf(output: string): string {
  return workFolderOf(output) as string;
}
