import { rmSync } from 'node:fs';
import { Store, type Table } from '../../store/store.js';
import type { ItemResults, RunKeeper } from './runKeeper.js';
import { lockRun } from './runLock.js';
import type { RunState } from './runState.js';

/** Keeps the state of a run in a small LMDB store. */
export class LmdbRun implements RunKeeper {
  readonly #store: Store;
  readonly #states: Table<string, RunState>;
  readonly #release: (isGone: boolean) => void;
  readonly #path: string;
  #results: Table<number, ItemResults> | undefined;

  /** `path`: the folder of the store; `folder`: that of the run, for messages. */
  constructor(path: string, folder: string) {
    this.#path = path;
    this.#store = new Store({ path, kind: 'run', version: 1, minFreeBytes: 2 ** 20 });
    try {
      this.#states = this.#store.table('states');
      const transaction = this.#store.transaction.bind(this.#store);
      const owners = this.#store.table<string, never>('owners');
      this.#release = lockRun({ owners, transaction, file: this.#store.file, path: folder });
    } catch (error) {
      void this.#store.close();
      throw error;
    }
  }

  read(): RunState | undefined {
    return this.#states.get('run');
  }

  write(state: RunState): void {
    this.#states.put('run', state);
  }

  writeAsync(state: RunState): Promise<void> {
    return this.#states.putAsync('run', state);
  }

  forget(): void {
    this.#states.remove('run');
  }

  results(): Table<number, ItemResults> {
    this.#results ??= this.#store.table('results');
    return this.#results;
  }

  async close(isEmpty: boolean): Promise<void> {
    try {
      if (isEmpty) rmSync(this.#path, { recursive: true, force: true });
      this.#release(isEmpty);
    } finally {
      await this.#store.close();
    }
  }
}
