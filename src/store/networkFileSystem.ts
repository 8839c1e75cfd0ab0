import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The types of file systems, as statfs(2) gives them, that other machines may write at the same time. */
const networkTypes: Record<number, string> = {
  26985: 'NFS',
  198183888: 'Lustre',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  1196443219: 'GPFS',
  12805120: 'Ceph',
  1702057286: 'FUSE',
};

/** Returns the type of the file system at a path, as `statfsSync` does; a test passes its own. */
export type StatFs = (path: string) => { type: number };

/**
 * Returns the name of the network file system that holds a path, or would hold it; undefined for a disk of this machine.
 * LMDB must not be used there: its memory map and its locks are not shared between machines.
 */
export function networkFileSystem(path: string, statfs: StatFs = statfsSync): string | undefined {
  let found = resolve(path);
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  try {
    return networkTypes[statfs(found).type >>> 0];
  } catch {
    return undefined;
  }
}
