import { readFileSync } from 'node:fs';

/** Returns the version of rareflow. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
