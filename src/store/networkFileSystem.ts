import { statfsSync } from 'node:fs';
import { nearestExisting } from './nearestExisting.js';

/** The types of file systems, as statfs(2) gives them, that other machines may write at the same time. */
const networkTypes = new Map([
  [0x6969, 'NFS'],
  [0xbd00bd0, 'Lustre'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x47504653, 'GPFS'],
  [0xc36400, 'Ceph'],
  [0x65735546, 'FUSE'],
]);

/** Returns the type of the file system at a path, as `statfsSync` does; a test passes its own. */
export type StatFs = (path: string) => { type: number };

/**
 * Returns the name of the network file system that holds a path, or would hold it; undefined for a disk of this machine.
 * LMDB must not be used there: its memory map and its locks are not shared between machines.
 */
export function networkFileSystem(path: string, statfs: StatFs = statfsSync): string | undefined {
  try {
    return networkTypes.get(statfs(nearestExisting(path)).type >>> 0);
  } catch {
    return undefined;
  }
}
