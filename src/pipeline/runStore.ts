import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Store, type Table } from '../store/store.js';
import { DamagedStoreError } from '../store/storeErrors.js';
import { lockRun } from './runLock.js';
import { checkRunState, type RunState } from './runState.js';

/**
 * Keeps how far a run is, in a small store in a folder: open for one process at a time, until it is closed.
 *
 * @throws RareflowError if another process has it open, StoreError if it is damaged
 */
export class RunStore {
  readonly #store: Store;
  readonly #states: Table<string, RunState>;
  readonly #release: (isGone: boolean) => void;
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'run');
    const options = { path: this.#path, kind: 'run', version: 1, minFreeBytes: 2 ** 20 };
    this.#store = orDamagedRun(() => new Store(options));
    try {
      this.#states = orDamagedRun(() => this.#store.table('states'));
      const transaction = this.#store.transaction.bind(this.#store);
      this.#release = orDamagedRun(() =>
        lockRun({ owners: this.#store.table('owners'), transaction, file: this.#store.file, path: folder }),
      );
    } catch (error) {
      void this.#store.close();
      throw error;
    }
  }

  /** The state of the last run; undefined if there was none, or if nothing of it was finished. Throws StoreError if it is damaged. */
  get state(): RunState | undefined {
    return orDamagedRun(() => {
      const state = this.#states.get('run');
      if (state !== undefined) checkRunState(state, this.#path);
      return state;
    });
  }

  /** Keeps a state: it is on disk when this returns. */
  commit(state: RunState): void {
    this.#states.put('run', state);
  }

  /** Does the same as `commit` without blocking the event loop: resolves when it is on disk. */
  commitAsync(state: RunState): Promise<void> {
    return this.#states.putAsync('run', state);
  }

  forget(): void {
    this.#states.remove('run');
  }

  /** Releases it for the next process. A store that keeps nothing is removed while this process still owns it. */
  async close(): Promise<void> {
    try {
      const isEmpty = this.#isEmpty();
      if (isEmpty) rmSync(this.#path, { recursive: true, force: true });
      this.#release(isEmpty);
    } finally {
      await this.#store.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A damaged store is kept. */
  #isEmpty(): boolean {
    try {
      return this.#states.get('run') === undefined;
    } catch {
      return false;
    }
  }
}

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
