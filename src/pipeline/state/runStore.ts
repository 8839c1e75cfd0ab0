import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { networkFileSystem, type StatFs } from '../../store/networkFileSystem.js';
import { Store, type Table } from '../../store/store.js';
import { DamagedStoreError } from '../../store/storeErrors.js';
import { LmdbRun } from './lmdbRun.js';
import { newestOwner } from './ownerFiles.js';
import { PlainRun, readPlainState } from './plainRun.js';
import { hasPlainState } from './plainState.js';
import type { ItemResults, RunKeeper } from './runKeeper.js';
import { isAlive, OWNER_KEY, type RunOwner } from './runLock.js';
import { checkRunState, type RunState } from './runState.js';

export interface RunStoreOptions {
  /** Finds the type of a file system. Default: `statfsSync` of Node. */
  statfs?: StatFs | undefined;
}

/**
 * Keeps how far a run is, in a folder: open for one process at a time, until it is closed. It is a small LMDB store; on a network
 * file system, where LMDB must not be used, a plain file.
 *
 * @throws RunBusyError if another process has it open, StoreError if it is damaged
 */
export class RunStore {
  readonly #keeper: RunKeeper;
  readonly #path: string;

  constructor(folder: string, { statfs }: RunStoreOptions = {}) {
    const isPlain = keepsPlainState(folder, statfs);
    this.#path = isPlain ? folder : lmdbPath(folder);
    this.#keeper = orDamagedRun(() => (isPlain ? new PlainRun(folder) : new LmdbRun(this.#path, folder)));
  }

  /** The state of the last run; undefined if there was none, or if nothing of it was finished. Throws StoreError if it is damaged. */
  get state(): RunState | undefined {
    return orDamagedRun(() => {
      const state = this.#keeper.read();
      if (state !== undefined) checkRunState(state, this.#path);
      return state;
    });
  }

  /**
   * The results of the items of a sample, by their numbers, for a run that writes them in their places among the others.
   *
   * @throws UsageError on a network file system
   */
  get results(): Table<number, ItemResults> {
    return orDamagedRun(() => this.#keeper.results());
  }

  /** Keeps a state: it is on disk when this returns. */
  commit(state: RunState): void {
    this.#keeper.write(state);
  }

  /** Does the same as `commit` without blocking the event loop: resolves when it is on disk. */
  commitAsync(state: RunState): Promise<void> {
    return this.#keeper.writeAsync(state);
  }

  forget(): void {
    this.#keeper.forget();
  }

  /** Releases it for the next process. A store that keeps nothing is removed while this process still owns it. */
  async close(): Promise<void> {
    await this.#keeper.close(this.#isEmpty());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A damaged store is kept. */
  #isEmpty(): boolean {
    try {
      return this.#keeper.read() === undefined;
    } catch {
      return false;
    }
  }
}

/** A run as another process sees it. */
export interface SeenRun {
  state: RunState | undefined;
  /** The process that writes it now. */
  owner: Pick<RunOwner, 'host' | 'pid'> | undefined;
}

/** Returns the state and the owner of the run in a folder, and does not lock it; undefined if there is no run. */
export async function seeRun(folder: string): Promise<SeenRun | undefined> {
  const alive = (owner: RunOwner | undefined) => (owner !== undefined && isAlive(owner) ? owner : undefined);
  if (hasPlainState(folder)) {
    const { owner } = newestOwner(folder) ?? {};
    return { state: readPlainState(folder), owner: owner?.released ? undefined : alive(owner) };
  }
  const path = lmdbPath(folder);
  if (!existsSync(path)) return undefined;
  const store = new Store({ path, kind: 'run', version: 1, create: false });
  try {
    const state = store.table<string, RunState>('states').get('run');
    if (state !== undefined) checkRunState(state, path);
    return { state, owner: alive(store.table<string, RunOwner>('owners').get(OWNER_KEY)) };
  } finally {
    await store.close();
  }
}

/** Returns true if a run was started in a folder. */
export function holdsRun(folder: string): boolean {
  return existsSync(lmdbPath(folder)) || hasPlainState(folder);
}

/** Returns true for a run on a network file system, unless an earlier version has begun it in LMDB. */
function keepsPlainState(folder: string, statfs: StatFs | undefined): boolean {
  if (hasPlainState(folder)) return true;
  return !existsSync(lmdbPath(folder)) && networkFileSystem(folder, statfs) !== undefined;
}

const lmdbPath = (folder: string): string => join(folder, 'run');

/** Adds a hint for runs to the error of a damaged store: the output is worth more than the store. */
function orDamagedRun<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof DamagedStoreError)) throw error;
    const hint = 'keep the .partial of its output, which holds complete records, and start a new run at another output';
    throw new DamagedStoreError(error.message, { hint, cause: error });
  }
}
