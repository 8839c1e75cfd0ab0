import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../errors.js';

/** Files of one command by what they are to it; '-' and absent ones are none. */
export interface CommandFiles {
  inputs: string[];
  outputs: Record<string, string | undefined>;
}

/** Throws UsageError where a file would be written that is also read, or written twice: by whatever path it is named. */
export function refuseSameFile({ inputs, outputs }: CommandFiles): void {
  const known = new Map(inputs.filter(isPath).map((input) => [identity(input), `the input ${input}`]));
  for (const [role, file] of Object.entries(outputs)) {
    if (file === undefined || !isPath(file) || isDevice(file)) continue;
    const same = known.get(identity(file));
    if (same !== undefined) throw new UsageError(`${role} ${file} is also ${same}`, { hint: 'write to another file' });
    known.set(identity(file), `${role} ${file}`);
  }
}

/** Whether a path is there and is no regular file: a device, a pipe, a terminal. */
export function isDevice(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function isPath(file: string): boolean {
  return file !== '-';
}

/** The one name of a file behind all its paths, also of one that is not there yet. */
function identity(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = path.dirname(path.resolve(file));
  return path.join(existsSync(folder) ? realpathSync(folder) : folder, path.basename(file));
}
