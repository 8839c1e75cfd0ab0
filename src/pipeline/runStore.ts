import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '../flow/resume.js';
import { Store, type Table } from '../store/store.js';
import type { RunCounts } from './runCounts.js';
import { lockRun } from './runLock.js';

/** All that shapes the records of a run, as JSON: a run is resumed only if none of it has changed. */
export type RunSettings = Record<string, unknown>;

/** The state of a run at a commit. */
export interface RunState {
  settings: RunSettings;
  /** `finishing`: all is done, and the output is about to become final; `mending`: the same after a retry of rejects. */
  phase: 'running' | 'finishing' | 'done' | 'mending';
  /** ISO 8601, UTC. */
  startedAt: string;
  /** The number of its starts, and the duration of all sessions together. */
  sessions: number;
  seconds: number;
  /** The lengths of the output and of the rejects file with exactly what is finished. */
  outputBytes: number;
  rejectsBytes: number;
  /** The numbers of the input items whose results are all in them, as ranges (`OrdinalSet`). */
  finished: number[];
  counts: RunCounts;
  /** The position at which reading resumes, and the furthest that was read. */
  from?: Position | undefined;
  seen?: Position | undefined;
  /** The data that the caller keeps with each commit. */
  figures?: unknown;
}

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

  /** The state of the last run; undefined if there was none, or if nothing of it was finished. */
  get state(): RunState | undefined {
    return this.#states.get('run');
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
