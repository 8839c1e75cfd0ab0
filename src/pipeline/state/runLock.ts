import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { RareflowError } from '../../errors.js';
import type { Table } from '../../store/store.js';
import { lockFile } from './fileLock.js';

/** The process that writes a run. The start times of process and machine distinguish it from a later one with the same pid. */
export interface RunOwner {
  pid: number;
  host: string;
  /** The boot id of the machine, if it has one. */
  boot?: string | undefined;
  /** The start of the process in ticks since the boot, if the machine reports it. */
  start?: string | undefined;
  /** True if it also holds the lock of the file: then it is gone when the lock is free. */
  locked?: boolean | undefined;
  /** The time of its last heartbeat, in milliseconds since 1970. */
  seenMs: number;
}

export const OWNER_KEY = 'owner';
export const HEARTBEAT_MS = 20_000;
/** After this long without a heartbeat, a process on another machine (or in another container) counts as gone. */
const SILENCE_MS = 90_000;

/** The run is written by another process. */
export class RunBusyError extends RareflowError {
  /** True if the process is on another host: whether it lives shows only when it has been silent for a while. */
  readonly isElsewhere: boolean;

  constructor(path: string, owner: RunOwner | undefined) {
    const isElsewhere = owner !== undefined && owner.host !== hostname();
    const name =
      owner === undefined ? 'another process' : `process ${owner.pid}${isElsewhere ? ` on ${owner.host}` : ''}`;
    super(`${path}: ${name} is writing this run`, { hint: 'wait for it, stop it, or write to another output' });
    this.isElsewhere = isElsewhere;
  }
}

export interface LockedRun {
  owners: Table<string, RunOwner>;
  transaction: <T>(action: () => T) => T;
  /** The file of the store, which is locked. */
  file: string;
  /** The folder of the run, for messages. */
  path: string;
}

/**
 * Makes this process the only writer of a run, until the returned function is called (with true if the store was removed). It
 * holds a lock of the file system, if there are any; the owner is also compared and set within one transaction of the run's
 * store, for processes that hold none. Of two processes only one can succeed, and a killed one leaves nothing to clean up.
 *
 * @throws RareflowError that names the process if another one writes the run
 */
export function lockRun({ owners, transaction, file, path }: LockedRun) {
  const lock = lockFile(file);
  if (lock === 'held') throw new RunBusyError(path, owners.get(OWNER_KEY));
  const locked = lock !== undefined;
  const me = () => ({ ...identityOf(process.pid), locked, seenMs: Date.now() }) as RunOwner;
  try {
    transaction(() => {
      const owner = owners.get(OWNER_KEY);
      const isKnownGone = locked && owner?.locked === true;
      if (owner !== undefined && !isKnownGone && isAlive(owner)) throw new RunBusyError(path, owner);
      owners.put(OWNER_KEY, me());
    });
  } catch (error) {
    lock?.release();
    throw error;
  }
  /** On a full disk the owner stays as it is: a process that will soon be gone. */
  const attempt = (action: () => void) => {
    try {
      action();
    } catch {
      // The next commit fails in the same way, and reports it.
    }
  };
  const heartbeat = setInterval(() => attempt(() => owners.put(OWNER_KEY, me())), HEARTBEAT_MS).unref();
  return function release(isGone: boolean): void {
    clearInterval(heartbeat);
    if (!isGone) attempt(() => owners.remove(OWNER_KEY));
    lock?.release();
  };
}

/** Returns true if a process lives; one on another host, if it was heard of lately. */
export function isAlive(owner: RunOwner): boolean {
  if (owner.host !== hostname()) return Date.now() - owner.seenMs < SILENCE_MS;
  const { boot, start } = identityOf(owner.pid);
  if (boot !== owner.boot) return false;
  if (start !== undefined || owner.start !== undefined) return start === owner.start;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns what distinguishes a process of this host from others. */
export function identityOf(pid: number): Omit<RunOwner, 'seenMs'> {
  // In /proc/PID/stat the name, in brackets, may hold anything; the state comes after it, the start 19 fields later.
  const fields = readTrimmed(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const start = fields?.[0] === 'Z' ? undefined : fields?.[19];
  return { pid, host: hostname(), boot: readTrimmed('/proc/sys/kernel/random/boot_id'), start };
}

function readTrimmed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
