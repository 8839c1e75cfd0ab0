import { IndexError } from '../../errors.js';

/** The hint for an index that must be built again. */
export const rebuildHint = (path: string): string => `build it: rareflow index CORPUS -o ${path}`;

/** Returns the error for an index whose bytes are not those that were written. */
export function damagedIndex(path: string, what: string, cause?: unknown): IndexError {
  return new IndexError(`${path} is damaged: ${what}`, { hint: rebuildHint(path), cause });
}
