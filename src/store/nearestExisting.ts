import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Returns the path itself, or the nearest folder above it, that exists. */
export function nearestExisting(path: string): string {
  let found = resolve(path);
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  return found;
}
