import { randomUUID } from 'node:crypto';
import { Store, type Table } from '../../../store/store.js';
import type { BatchOutcome } from './batchLines.js';

/** A batch that was begun, as far as it is known to have come. */
export interface OpenBatch {
  /** Its name here. */
  name: string;
  /** The requests in it. */
  ids: string[];
  /** What was uploaded. */
  fileId?: string | undefined;
  /** Its name there. */
  batchId?: string | undefined;
}

const settledAtOnce = 500;

/**
 * What was sent in batches and what came back, on disk: a process that ends while batches run finds them again, and no
 * answer that came is asked for twice. Each step is written before the next is taken.
 */
export class BatchJournal {
  readonly #store: Store;
  readonly #batches: Table<string, Omit<OpenBatch, 'name'>>;
  /** The batch that a request is in. */
  readonly #pending: Table<string, string>;
  /** The body of its answer. */
  readonly #answers: Table<string, unknown>;

  /** Throws StoreError where the path cannot be used. */
  constructor(path: string) {
    this.#store = new Store({ path, kind: 'batches', version: 1 });
    this.#batches = this.#store.table('batches');
    this.#pending = this.#store.table('pending');
    this.#answers = this.#store.table('answers');
  }

  /** The body of the answer that came for a request. */
  answer(id: string): unknown {
    return this.#answers.get(id);
  }

  isPending(id: string): boolean {
    return this.#pending.get(id) !== undefined;
  }

  open(): OpenBatch[] {
    return this.#batches.entries({ limit: 100_000 }).map(([name, batch]) => ({ name, ...batch }));
  }

  begin(ids: string[]): OpenBatch {
    const name = randomUUID();
    this.#store.transaction(() => {
      this.#batches.put(name, { ids });
      for (const id of ids) this.#pending.put(id, name);
    });
    return { name, ids };
  }

  /** Keeps what is known of a batch. */
  advance({ name, ...batch }: OpenBatch): void {
    this.#batches.put(name, batch);
  }

  /** Keeps the answers of a batch and forgets those requests of it that must be sent again; then the batch is done. */
  settle(outcomes: BatchOutcome[]): void {
    for (let at = 0; at < outcomes.length; at += settledAtOnce) {
      this.#store.transaction(() => {
        for (const outcome of outcomes.slice(at, at + settledAtOnce)) {
          if ('body' in outcome) this.#answers.put(outcome.id, outcome.body);
          this.#pending.remove(outcome.id);
        }
      });
    }
  }

  /** The batch is over: those of its requests that have no answer are free to be sent again. */
  end({ name, ids }: OpenBatch): void {
    this.#store.transaction(() => {
      for (const id of ids) if (this.#pending.get(id) === name) this.#pending.remove(id);
      this.#batches.remove(name);
    });
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
