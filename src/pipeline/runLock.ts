import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { RareflowError } from '../errors.js';
import type { Table } from '../store/store.js';

/** The process that writes a run. Its start and its machine's tell it from a later process of the same number. */
interface Owner {
  pid: number;
  host: string;
  /** When the machine was started, where it tells. */
  boot?: string | undefined;
  /** When the process was started, in ticks since then, where the machine tells. */
  start?: string | undefined;
  /** When it last said that it lives, in milliseconds since 1970. */
  seenMs: number;
}

const key = 'owner';
const beatMs = 20_000;
/** After so long a silence a process on another machine (or in another container), which cannot be asked for, is gone. */
const silenceMs = 90_000;

/**
 * Makes this process the only writer of a run, until the function that it gives is called (with true where the store was
 * removed). The owner's name is compared
 * and set within one transaction of the run's store, so of two processes only one can succeed, and a killed one leaves
 * nothing that has to be cleaned up.
 *
 * @throws RareflowError that names the process where another one writes the run
 */
export function lockRun(owners: Table<string, Owner>, transaction: <T>(action: () => T) => T, path: string) {
  const me = () => ({ ...identityOf(process.pid), seenMs: Date.now() }) as Owner;
  transaction(() => {
    const owner = owners.get(key);
    if (owner !== undefined && isAlive(owner)) throw busy(owner, path);
    owners.put(key, me());
  });
  /** On a full disk the name stays as it is: of a process that is gone soon. */
  const attempt = (act: () => void) => {
    try {
      act();
    } catch {
      // The next commit meets the same trouble, and tells.
    }
  };
  const beat = setInterval(() => attempt(() => owners.put(key, me())), beatMs).unref();
  return function release(isGone: boolean): void {
    clearInterval(beat);
    if (!isGone) attempt(() => owners.remove(key));
  };
}

function busy({ pid, host }: Owner, path: string): RareflowError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new RareflowError(`${path}: process ${pid}${where} is writing this run`, {
    hint: 'wait for it or stop it, or write to another output',
  });
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return Date.now() - owner.seenMs < silenceMs;
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

function identityOf(pid: number): Omit<Owner, 'seenMs'> {
  // In /proc/PID/stat the name, in brackets, may hold anything; the state comes after it, the start 19 fields later.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const start = fields?.[0] === 'Z' ? undefined : fields?.[19];
  return { pid, host: hostname(), boot: read('/proc/sys/kernel/random/boot_id'), start };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
