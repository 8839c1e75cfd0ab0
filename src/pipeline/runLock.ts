import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { RareflowError } from '../errors.js';
import type { Table } from '../store/store.js';

/** The process that writes a run. The start times of process and machine distinguish it from a later one with the same pid. */
interface RunOwner {
  pid: number;
  host: string;
  /** The boot id of the machine, if it has one. */
  boot?: string | undefined;
  /** The start of the process in ticks since the boot, if the machine reports it. */
  start?: string | undefined;
  /** The time of its last heartbeat, in milliseconds since 1970. */
  seenMs: number;
}

const OWNER_KEY = 'owner';
const HEARTBEAT_MS = 20_000;
/** After this long without a heartbeat, a process on another machine (or in another container) counts as gone. */
const SILENCE_MS = 90_000;

/**
 * Makes this process the only writer of a run, until the returned function is called (with true if the store was removed). The
 * owner is compared and set within one transaction of the run's store, so of two processes only one can succeed, and a killed
 * one leaves nothing to clean up.
 *
 * @throws RareflowError that names the process if another one writes the run
 */
export function lockRun(owners: Table<string, RunOwner>, transaction: <T>(action: () => T) => T, path: string) {
  const me = () => ({ ...identityOf(process.pid), seenMs: Date.now() }) as RunOwner;
  transaction(() => {
    const owner = owners.get(OWNER_KEY);
    if (owner !== undefined && isAlive(owner)) throw runIsBusy(owner, path);
    owners.put(OWNER_KEY, me());
  });
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
  };
}

function runIsBusy({ pid, host }: RunOwner, path: string): RareflowError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new RareflowError(`${path}: process ${pid}${where} is writing this run`, {
    hint: 'wait for it, stop it, or write to another output',
  });
}

function isAlive(owner: RunOwner): boolean {
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

function identityOf(pid: number): Omit<RunOwner, 'seenMs'> {
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
