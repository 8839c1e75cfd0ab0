import { Store, type Table } from '../../store/store.js';
import type { Completion } from '../chatModel.js';
import { type AnswerHead, completionOf, encodeAnswer, headOf } from './cachedAnswer.js';

export interface AnswerStoreOptions {
  /** The folder of the cache. Any number of processes may share it, on one machine. */
  path: string;
  /** Create it if it is missing (true). */
  create?: boolean | undefined;
  /** Writes are refused if the disk has less free space than this, in bytes (32 MiB). */
  minFreeBytes?: number | undefined;
  /** Called with a message when an entry cannot be read, and when nothing can be written any more. */
  onNotice?: ((message: string) => void) | undefined;
}

/** Answers are written together, this long after the first of them; a killed process loses those not yet written. */
const COMMIT_DELAY_MS = 100;
/** A slow disk is written to less often, so that commits take a twentieth of the time. */
const COMMIT_DELAY_FACTOR = 20;
const MAX_COMMIT_DELAY_MS = 2000;
/**
 * The most bytes that are written at once. LMDB keeps the most pages that one commit ever changed, and each answer changes pages of its
 * own: with 4 MiB a run's memory grew for an hour, with the cache.
 */
const COMMIT_BYTES = 2 ** 18;
const PAGE = 256;

/** A store of answers on disk, under the hashes of their requests. */
export class AnswerStore {
  readonly #path: string;
  readonly #store: Store;
  readonly #entries: Table<string, Uint8Array>;
  readonly #onNotice: (message: string) => void;
  #pending = new Map<string, Uint8Array>();
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #commitMs = 0;
  #writable = true;
  #damageReported = false;

  /** Throws StoreError or OutputError if the cache cannot be used. */
  constructor({ path, onNotice = () => {}, ...options }: AnswerStoreOptions) {
    this.#path = path;
    this.#onNotice = onNotice;
    this.#store = new Store({ path, kind: 'answer cache', version: 1, ...options });
    this.#entries = this.#store.prepared(() => this.#store.table('answers', 'binary'));
  }

  /** Returns the answer kept under a key; undefined if there is none, or if it cannot be read. */
  get(key: string): Completion | undefined {
    const entry = this.#pending.get(key) ?? this.#entries.get(key);
    if (entry === undefined) return undefined;
    const completion = completionOf(key, entry);
    if (completion === undefined && !this.#damageReported) {
      this.#damageReported = true;
      this.#onNotice(`an answer in the cache ${this.#path} is damaged; damaged answers are requested again`);
    }
    return completion;
  }

  /** Keeps an answer: at once for this process; for others, and if it is killed, after 0.1 s, or up to 2 s on a slow disk. */
  put(key: string, about: Pick<AnswerHead, 'stage' | 'model'>, completion: Completion): void {
    if (!this.#writable) return;
    const { promptTokens, completionTokens } = completion.usage;
    const entry = encodeAnswer(key, { atMs: Date.now(), ...about, promptTokens, completionTokens }, completion);
    this.#pending.set(key, entry);
    this.#pendingBytes += entry.length;
    if (this.#pendingBytes >= COMMIT_BYTES) {
      this.#commit();
      return;
    }
    const afterMs = Math.min(MAX_COMMIT_DELAY_MS, Math.max(COMMIT_DELAY_MS, COMMIT_DELAY_FACTOR * this.#commitMs));
    this.#timer ??= setTimeout(() => this.#commit(), afterMs);
  }

  get count(): number {
    return this.#entries.count;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  /** Yields the head of every answer with its key; undefined for a damaged one. */
  *heads(): Generator<[key: string, head: AnswerHead | undefined]> {
    for (const [key, entry] of this.#all()) yield [key, headOf(key, entry)];
  }

  /** Yields every answer that can be read, with its head. */
  *answers(): Generator<{ key: string; head: AnswerHead; completion: Completion }> {
    for (const [key, entry] of this.#all()) {
      const head = headOf(key, entry);
      const completion = completionOf(key, entry);
      if (head !== undefined && completion !== undefined) yield { key, head, completion };
    }
  }

  /** Removes the answers that `chosen` accepts, and all damaged ones; returns how many. Their space is reused. */
  clear(chosen: (head: AnswerHead) => boolean = () => true): number {
    let removed = 0;
    const keys: string[] = [];
    const remove = () =>
      this.#store.transaction(() => {
        for (const key of keys) if (this.#entries.remove(key)) removed += 1;
        keys.length = 0;
      });
    for (const [key, head] of this.heads()) {
      if (head === undefined || chosen(head)) keys.push(key);
      if (keys.length === PAGE) remove();
    }
    remove();
    return removed;
  }

  async close(): Promise<void> {
    this.#commit();
    this.#writable = false;
    await this.#store.close();
  }

  /** Reads in pages, so that a slow reader does not keep old pages of the file in use. */
  *#all(): Generator<[string, Uint8Array]> {
    this.#commit();
    let after: string | undefined;
    for (;;) {
      const page = this.#entries.entries({ after, limit: PAGE });
      yield* page;
      after = page.at(-1)?.[0];
      if (page.length < PAGE) return;
    }
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const startedMs = performance.now();
    try {
      this.#store.transaction(() => {
        for (const [key, entry] of this.#pending) this.#entries.put(key, entry);
      });
    } catch (error) {
      this.#writable = false;
      this.#onNotice(`the cache keeps no more answers: ${error instanceof Error ? error.message : error}`);
    }
    this.#commitMs = performance.now() - startedMs;
    this.#pending = new Map();
    this.#pendingBytes = 0;
  }
}
