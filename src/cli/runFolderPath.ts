import { statSync } from 'node:fs';
import { filesBeside } from '../io/write/filesBeside.js';

/** Returns the folder in which a run keeps its state: OUTPUT.rareflow, or undefined if the output is stdout or a device. */
export function runFolderPath(output: string | undefined): string | undefined {
  return output === undefined || output === '-' || isDevice(output) ? undefined : filesBeside(output).folder;
}

/** Returns true for a path that exists and is not a regular file or a folder: a device, a pipe, a terminal. */
export function isDevice(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}
