import { randomUUID } from 'node:crypto';
import { Store, type Table } from '../../../store/store.js';
import type { BatchOutcome } from './batchLines.js';

/** A batch that was created, with its known state. */
export interface OpenBatch {
  /** Its name in this journal. */
  name: string;
  /** The requests in it. */
  ids: string[];
  /** The provider's id of the uploaded file. */
  fileId?: string | undefined;
  /** The provider's id of the batch. */
  batchId?: string | undefined;
}

const SETTLED_PER_TRANSACTION = 500;

/**
 * A journal on disk of what was sent in batches and what came back: a process that ends while batches run finds them again,
 * and no answer that arrived is requested twice. Each step is written before the next is taken.
 */
export class BatchJournal {
  readonly #store: Store;
  readonly #batches: Table<string, Omit<OpenBatch, 'name'>>;
  /** The batch that each request is in. */
  readonly #pending: Table<string, string>;
  /** The body of each answer. */
  readonly #answers: Table<string, unknown>;

  /** Throws StoreError if the path cannot be used. */
  constructor(path: string) {
    this.#store = new Store({ path, kind: 'batches', version: 1 });
    const { batches, pending, answers } = this.#store.prepared(() => ({
      batches: this.#store.table<string, Omit<OpenBatch, 'name'>>('batches'),
      pending: this.#store.table<string, string>('pending'),
      answers: this.#store.table<string, unknown>('answers'),
    }));
    this.#batches = batches;
    this.#pending = pending;
    this.#answers = answers;
  }

  /** Returns the body of the answer to a request; undefined if none has come. */
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

  /** Writes what is known of a batch. */
  advance({ name, ...batch }: OpenBatch): void {
    this.#batches.put(name, batch);
  }

  /** Keeps the answers of a batch, and removes its requests that must be sent again from those that are pending. */
  settle(outcomes: BatchOutcome[]): void {
    for (let at = 0; at < outcomes.length; at += SETTLED_PER_TRANSACTION) {
      this.#store.transaction(() => {
        for (const outcome of outcomes.slice(at, at + SETTLED_PER_TRANSACTION)) {
          if ('body' in outcome) this.#answers.put(outcome.id, outcome.body);
          this.#pending.remove(outcome.id);
        }
      });
    }
  }

  /** Ends a batch: its requests that have no answer may be sent again. */
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
