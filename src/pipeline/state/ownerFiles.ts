import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { HEARTBEAT_MS, identityOf, isAlive, RunBusyError, type RunOwner } from './runLock.js';

const OWNER_NAME = /^owner-(\d+)\.json$/;

/** The owner of a generation; `released` if it has left. */
type OwnerFile = RunOwner & { released?: boolean };

/**
 * Makes this process the only writer of a run on a network file system, where locks of files cannot be trusted. Each owner is a
 * generation: `owner-000001.json`, which only one process can create. A process takes over only if the newest owner has left or
 * has been silent; the older one finds that there is a newer generation and stops.
 */
export class OwnerFiles {
  readonly #folder: string;
  readonly #generation: number;
  readonly #heartbeat: NodeJS.Timeout;

  /** Throws RunBusyError if another process writes the run. */
  constructor(folder: string) {
    this.#folder = folder;
    const last = newestOwner(folder);
    if (last !== undefined && !last.owner.released && isAlive(last.owner)) throw new RunBusyError(folder, last.owner);
    this.#generation = (last?.generation ?? 0) + 1;
    this.#create();
    if (!this.isOwner) {
      rmSync(this.#path(), { force: true });
      throw new RunBusyError(folder, newestOwner(folder)?.owner);
    }
    for (const generation of generationsIn(folder)) {
      if (generation < this.#generation) rmSync(this.#path(generation), { force: true });
    }
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  /** False as soon as another process has taken over. */
  get isOwner(): boolean {
    return Math.max(0, ...generationsIn(this.#folder)) === this.#generation;
  }

  /** Ends the ownership; with `isGone` nothing is left of it. */
  release(isGone: boolean): void {
    clearInterval(this.#heartbeat);
    if (!this.isOwner) return;
    if (isGone) rmSync(this.#path(), { force: true });
    else this.#write({ released: true });
  }

  #create(): void {
    try {
      const file = openSync(this.#path(), 'wx');
      writeSync(file, JSON.stringify(this.#me()));
      fsyncSync(file);
      closeSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new RunBusyError(this.#folder, newestOwner(this.#folder)?.owner);
    }
  }

  #beat(): void {
    try {
      if (this.isOwner) this.#write({});
    } catch {
      // The next commit fails in the same way, and reports it.
    }
  }

  #write(more: object): void {
    writeFileDurably(this.#path(), JSON.stringify({ ...this.#me(), ...more }));
  }

  #me(): OwnerFile {
    return { ...identityOf(process.pid), seenMs: Date.now() };
  }

  #path(generation = this.#generation): string {
    return ownerPath(this.#folder, generation);
  }
}

const ownerPath = (folder: string, generation: number): string =>
  join(folder, `owner-${String(generation).padStart(6, '0')}.json`);

/** Returns the newest owner of a run; undefined if it never had one. */
export function newestOwner(folder: string): { generation: number; owner: OwnerFile } | undefined {
  const generation = Math.max(0, ...generationsIn(folder));
  if (generation === 0) return undefined;
  const path = ownerPath(folder, generation);
  try {
    return { generation, owner: JSON.parse(readFileSync(path, 'utf8')) as OwnerFile };
  } catch {
    // It is just being written, or its writer was killed then.
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    return { generation, owner: { pid: 0, host: 'unknown', seenMs: mtimeMs } };
  }
}

function generationsIn(folder: string): number[] {
  try {
    return readdirSync(folder).flatMap((name) => (OWNER_NAME.test(name) ? [Number(OWNER_NAME.exec(name)?.[1])] : []));
  } catch {
    return [];
  }
}

/** Replaces a file so that a reader sees the earlier content or all of the new one, and a crash leaves one of them. */
export function writeFileDurably(path: string, content: string | Uint8Array): void {
  const beside = `${path}.partial`;
  const file = openSync(beside, 'w');
  try {
    writeSync(file, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}
