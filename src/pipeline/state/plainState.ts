import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The file of a run's state on a network file system. */
export const STATE_FILE = 'state.json';

/** Returns true if a run in a folder keeps its state in a plain file. */
export function hasPlainState(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return existsSync(join(folder, STATE_FILE)) || readdirSync(folder).some((name) => /^owner-\d+\.json$/.test(name));
}
