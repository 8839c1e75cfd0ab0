import { existsSync } from 'node:fs';
import { access, constants, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutputError } from '../../errors.js';
import { isPackedName } from '../read/input.js';
import { codeOf, directoryError, outputError } from '../systemErrors.js';

const PERMISSION_BITS = 0o7777;

export interface AtomicFileOptions {
  /** Write `PATH.partial`, which becomes PATH at the commit; otherwise PATH itself. Default true. */
  partial?: boolean | undefined;
}

/**
 * A file that is written as `PATH.partial` beside it and becomes PATH, on disk, when it is complete; an existing PATH stays as
 * it is until then, and keeps its permissions. If PATH is a symbolic link, the file that it points to is written. A device or
 * a named pipe is written directly.
 *
 * All methods but `close` and `discard` throw OutputError.
 */
export class AtomicFile {
  /** The path that is written until the commit. */
  readonly workingPath: string;
  /** True for a device or a named pipe, which has no length and is never cut. */
  readonly isDevice: boolean;
  readonly #target: string;
  readonly #mode: number | undefined;
  #handle: FileHandle | undefined;

  private constructor(target: string, workingPath: string, isDevice: boolean, mode: number | undefined) {
    this.#target = target;
    this.workingPath = workingPath;
    this.isDevice = isDevice;
    this.#mode = mode;
  }

  /** Finds out what is at a path, without opening it. */
  static async at(path: string, { partial = true }: AtomicFileOptions = {}): Promise<AtomicFile> {
    try {
      const existing = await statOf(path);
      if (existing?.isDirectory()) throw directoryError(path);
      const isDevice = existing !== undefined && !existing.isFile();
      const target = isDevice ? path : await finalPath(path);
      if (existing?.isFile()) await access(target, constants.W_OK);
      const workingPath = partial && !isDevice ? `${target}.partial` : target;
      return new AtomicFile(target, workingPath, isDevice, existing && existing.mode & PERMISSION_BITS);
    } catch (error) {
      throw outputError(error, path);
    }
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  get #isPartial(): boolean {
    return this.workingPath !== this.#target;
  }

  /** Opens it empty. Throws OutputError if there is a `.partial`: another run's, or what an earlier one left. */
  create(): Promise<void> {
    return this.#open(this.#isPartial ? 'wx' : 'w');
  }

  /** Opens it at its end, and creates it if it is missing. */
  append(): Promise<void> {
    return this.#open('a');
  }

  async exists(): Promise<boolean> {
    return (await this.#do(() => statOf(this.workingPath))) !== undefined;
  }

  /** Resolves to its length so far; 0 if it is missing. */
  async length(): Promise<number> {
    return (await this.#do(() => statOf(this.workingPath)))?.size ?? 0;
  }

  /** Writes all of the bytes at its end. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#do(() => (this.#handle as FileHandle).appendFile(bytes));
  }

  /** Cuts it back to a length. */
  truncate(length: number): Promise<void> {
    return this.#do(async () => this.#handle?.truncate(length));
  }

  /** Resolves when all that was written is on disk. */
  sync(): Promise<void> {
    return this.#do(async () => (this.isDevice ? undefined : this.#handle?.datasync()));
  }

  /** Closes it and makes it final, on disk. */
  async commit(): Promise<void> {
    await this.sync();
    await this.#do(async () => {
      await this.#handle?.close();
      this.#handle = undefined;
      if (!this.#isPartial) return;
      await rename(this.workingPath, this.#target);
      await syncFolder(dirname(this.#target));
    });
  }

  /** Makes what is final its `.partial` again. */
  reopen(): Promise<void> {
    return this.#do(() => rename(this.#target, this.workingPath));
  }

  /** Closes it as it is. Never throws. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
  }

  /** Closes it and removes its `.partial`. Never throws. */
  async discard(): Promise<void> {
    await this.close();
    if (this.#isPartial) await this.remove().catch(() => {});
  }

  /** Removes what was written so far, if it is a file. */
  remove(): Promise<void> {
    return this.#do(async () => (this.isDevice ? undefined : rm(this.workingPath, { force: true })));
  }

  /** Renames what was written so far. */
  moveTo(path: string): Promise<void> {
    return this.#do(() => rename(this.workingPath, path));
  }

  async #open(flags: 'w' | 'wx' | 'a'): Promise<void> {
    await this.#do(async () => {
      try {
        this.#handle = await open(this.workingPath, flags, this.#mode);
      } catch (cause) {
        throw codeOf(cause) === 'EEXIST' ? partialExists(this.workingPath, { cause }) : cause;
      }
      if (this.isDevice) return;
      // The mask of the process took bits away from the mode that a new file was opened with.
      if (this.#isPartial && this.#mode !== undefined) await this.#handle.chmod(this.#mode).catch(() => {});
      await syncFolder(dirname(this.workingPath));
    });
  }

  async #do<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw outputError(error, this.workingPath);
    }
  }
}

/**
 * Throws the OutputError that opening the path for writing would throw, without touching it: for commands that work for long
 * before they open it. With `mayBePartial` a `.partial` is accepted, as its run is resumed;
 * with `canRebuild` the error for one names `--resume rebuild`. `partial: false` is for a file that is written under its own name.
 */
export async function checkOutputFile(
  path: string,
  { mayBePartial = false, canRebuild = false, partial = true } = {},
): Promise<void> {
  const { workingPath, isDevice } = await AtomicFile.at(path, { partial });
  if (isDevice) return;
  try {
    await access(dirname(workingPath), constants.W_OK);
    if (partial && !mayBePartial && (await statOf(workingPath)) !== undefined)
      throw partialExists(workingPath, { canRebuild });
  } catch (error) {
    throw outputError(error, path);
  }
}

/** Returns the path, or the first of PATH.2, PATH.3, … that does not exist: a file that is set aside replaces none. */
export function freePath(path: string): string {
  let free = path;
  for (let count = 2; existsSync(free); count++) free = `${path}.${count}`;
  return free;
}

/** Renames a file that holds something and resolves to the new path; undefined if there is nothing. */
export async function setFileAside(file: AtomicFile): Promise<string | undefined> {
  if (file.isDevice || (await file.length()) === 0) return undefined;
  const path = freePath(`${file.workingPath}.old`);
  await file.moveTo(path);
  return path;
}

/** Throws OutputError for a path that ends in .gz or .zst: for files that are written as they come. */
export function refusePacked(path: string): void {
  if (!isPackedName(path)) return;
  throw new OutputError('this file is not written compressed', {
    path,
    hint: 'name a .jsonl file; records are compressed by rareflow … -o FILE.jsonl.gz, or writeRecords(path)',
  });
}

/** Resolves a symbolic link: a rename onto the link would replace the link. */
async function finalPath(path: string): Promise<string> {
  return realpath(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return path;
    throw error;
  });
}

async function statOf(path: string) {
  return stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function partialExists(partial: string, { canRebuild = false, cause }: { canRebuild?: boolean; cause?: unknown }) {
  return new OutputError('exists already: another run is writing it, or an earlier run left it', {
    path: partial,
    hint: `if no run is writing it, ${canRebuild ? 'go on from what it holds (--resume rebuild), or ' : ''}rename it to keep what is in it, or delete it`,
    cause,
  });
}

/** Puts a new name on disk; file systems that cannot sync a folder need not. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().catch(() => {});
  await folder.close();
}
