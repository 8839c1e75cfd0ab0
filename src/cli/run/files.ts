import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../errors.js';
import { isDevice } from '../runFolderPath.js';

/** The files of a command, its outputs by their flags; '-' and undefined are not files. */
export interface CommandFiles {
  inputs: string[];
  outputs: Record<string, string | undefined>;
}

/** Throws UsageError if a file would be written that is also read, or written twice, even under different paths. */
export function refuseSameFile({ inputs, outputs }: CommandFiles): void {
  const known = new Map(inputs.filter(isPath).map((input) => [canonicalPath(input), `the input ${input}`]));
  for (const [role, file] of Object.entries(outputs)) {
    if (file === undefined || !isPath(file) || isDevice(file)) continue;
    const same = known.get(canonicalPath(file));
    if (same !== undefined) throw new UsageError(`${role} ${file} is also ${same}`, { hint: 'write to another file' });
    known.set(canonicalPath(file), `${role} ${file}`);
  }
}

function isPath(file: string): boolean {
  return file !== '-';
}

/** Returns the same path for all paths of a file, also if it does not exist yet. */
function canonicalPath(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = path.dirname(path.resolve(file));
  return path.join(existsSync(folder) ? realpathSync(folder) : folder, path.basename(file));
}
