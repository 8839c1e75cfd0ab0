import type { Table } from '../../store/store.js';
import type { RunState } from './runState.js';

/** The records that an item of the input became, and its rejects, as JSON. */
export interface ItemResults {
  outputs: string[];
  rejects: string[];
}

/** Keeps the state of one run for one process. */
export interface RunKeeper {
  /** Returns the last state; undefined if there is none. Throws if it is damaged. */
  read(): RunState | undefined;
  /** Keeps a state: it is on disk when this returns. */
  write(state: RunState): void;
  /** Does the same without blocking the event loop. */
  writeAsync(state: RunState): Promise<void>;
  forget(): void;
  /** The results of the items of a sample, by their numbers. Throws if it can keep none. */
  results(): Table<number, ItemResults>;
  /** Releases the run; one that keeps nothing is removed. */
  close(isEmpty: boolean): Promise<void>;
}
