import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Far beyond the end of any store, as a lock on Windows keeps others from reading what it covers. */
const LOCK_OFFSET = 2 ** 40;

type TryLock = (fd: number, offset: number, length: number) => boolean;

/** A lock that the file system holds for this process: until it is released, or the process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/**
 * Locks a file. It holds across PID namespaces and containers of one machine. Returns undefined if locks are not available here
 * (fs-native-extensions, which is optional, or the file system), and `held` if another process, or another lock of this
 * one, has it.
 */
export function lockFile(path: string): FileLock | 'held' | undefined {
  const tryLock = loadTryLock();
  if (tryLock === undefined) return undefined;
  const fd = openSync(path, 'r+');
  try {
    if (!tryLock(fd, LOCK_OFFSET, 1) || !isStillAt(path, fd)) {
      closeSync(fd);
      return 'held';
    }
    return { release: () => closeSync(fd) };
  } catch {
    closeSync(fd);
    return undefined;
  }
}

/** The owner of a store that keeps nothing removes its file while it has the lock. */
function isStillAt(path: string, fd: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

function loadTryLock(): TryLock | undefined {
  try {
    const { tryLock } = createRequire(import.meta.url)('fs-native-extensions') as { tryLock: TryLock };
    return tryLock;
  } catch {
    return undefined;
  }
}
