import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '../flow/resume.js';
import { Store, type Table } from '../store/store.js';
import type { RunCounts } from './runCounts.js';
import { lockRun } from './runLock.js';

/** All that shapes the records of a run, as JSON: a run is gone on with only where none of it has changed. */
export type RunSettings = Record<string, unknown>;

/** What is known of a run at a commit. */
export interface RunState {
  settings: RunSettings;
  /** `finishing`: all is done, and the output is being put in its place; `mending`: rejects were tried again, the same. */
  phase: 'running' | 'finishing' | 'done' | 'mending';
  /** ISO 8601, UTC. */
  startedAt: string;
  /** How many times it was started, and how long these took. */
  sessions: number;
  seconds: number;
  /** The lengths of the output and of the rejects file that hold just what is finished. */
  outputBytes: number;
  rejectsBytes: number;
  /** The numbers of the input items all of whose results are in them, as ranges (`OrdinalSet`). */
  finished: number[];
  counts: RunCounts;
  /** Where to go on reading, and the furthest place that was read. */
  from?: Position | undefined;
  seen?: Position | undefined;
  /** What the caller keeps with it. */
  figures?: unknown;
}

/**
 * The place where a run keeps how far it is: a small store in a folder, open for one process at a time, until it is closed.
 *
 * @throws RareflowError where another process has it, StoreError where it is damaged
 */
export class RunStore {
  readonly #store: Store;
  readonly #states: Table<string, RunState>;
  readonly #release: (isGone: boolean) => void;
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'run');
    this.#store = new Store({ path: this.#path, kind: 'run', version: 1, minFreeBytes: 2 ** 20 });
    try {
      this.#states = this.#store.table('states');
      const transaction = this.#store.transaction.bind(this.#store);
      this.#release = lockRun(this.#store.table('owners'), transaction, folder);
    } catch (error) {
      void this.#store.close();
      throw error;
    }
  }

  /** How far the last run is; undefined where there was none, or one of which nothing was finished. */
  get state(): RunState | undefined {
    return this.#states.get('run');
  }

  /** Keeps how far the run is: on disk when it returns. */
  commit(state: RunState): void {
    this.#states.put('run', state);
  }

  /** As `commit`, and does not hold up the event loop: resolves when it is on disk. */
  commitAsync(state: RunState): Promise<void> {
    return this.#states.putAsync('run', state);
  }

  forget(): void {
    this.#states.remove('run');
  }

  /** Lets the next process have it. A store that keeps nothing is removed: while it is ours, as then nobody else uses it. */
  async close(): Promise<void> {
    try {
      const isEmpty = this.state === undefined;
      if (isEmpty) rmSync(this.#path, { recursive: true, force: true });
      this.#release(isEmpty);
    } finally {
      await this.#store.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
