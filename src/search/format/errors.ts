import { IndexError } from '../../errors.js';

/** How to make an index anew. */
export const rebuildHint = (path: string): string => `build it: rareflow index CORPUS -o ${path}`;

/** The error for an index whose bytes are not those that were written. */
export function damaged(path: string, what: string, cause?: unknown): IndexError {
  return new IndexError(`${path} is damaged: ${what}`, { hint: rebuildHint(path), cause });
}
