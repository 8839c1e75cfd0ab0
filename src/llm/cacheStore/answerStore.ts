import { Store, type Table } from '../../store/store.js';
import type { Completion } from '../chatModel.js';
import { type AnswerHead, completionOf, encodeAnswer, headOf } from './cachedAnswer.js';

export interface AnswerStoreOptions {
  /** The folder of the cache. Any number of processes may share it, on one machine. */
  path: string;
  /** Make it where it is missing (true). */
  create?: boolean | undefined;
  /** Writes are refused where the disk has less room than this, in bytes (32 MiB). */
  minFreeBytes?: number | undefined;
  /** Told of entries that cannot be read, and that nothing can be written any more. */
  onNotice?: ((message: string) => void) | undefined;
}

/** Answers are written together, so long after the first of them: what a killed process loses. */
const COMMIT_AFTER_MS = 100;
/** A slow disk is written to less often, so that commits take a twentieth of the time. */
const COMMIT_SHARE = 20;
const COMMIT_AT_LAST_MS = 2000;
const COMMIT_BYTES = 4 * 2 ** 20;
const PAGE = 256;

/** Answers under the hashes of their requests, on disk. */
export class AnswerStore {
  readonly #path: string;
  readonly #store: Store;
  readonly #entries: Table<string, Uint8Array>;
  readonly #onNotice: (message: string) => void;
  #waiting = new Map<string, Uint8Array>();
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #commitMs = 0;
  #writable = true;
  #toldOfDamage = false;

  /** Throws StoreError or OutputError where the cache cannot be used. */
  constructor({ path, onNotice = () => {}, ...options }: AnswerStoreOptions) {
    this.#path = path;
    this.#onNotice = onNotice;
    this.#store = new Store({ path, kind: 'answer cache', version: 1, ...options });
    this.#entries = this.#store.table('answers', 'binary');
  }

  /** The answer kept under a key; undefined where there is none, or none that can be read. */
  get(key: string): Completion | undefined {
    const entry = this.#waiting.get(key) ?? this.#entries.get(key);
    if (entry === undefined) return undefined;
    const completion = completionOf(key, entry);
    if (completion === undefined && !this.#toldOfDamage) {
      this.#toldOfDamage = true;
      this.#onNotice(`an answer in the cache ${this.#path} is damaged; such answers are asked for again`);
    }
    return completion;
  }

  /** Keeps an answer: at once for this process; for others, and over a kill, after 0.1 s, or up to 2 s on a slow disk. */
  put(key: string, about: Pick<AnswerHead, 'stage' | 'model'>, completion: Completion): void {
    if (!this.#writable) return;
    const { promptTokens, completionTokens } = completion.usage;
    const entry = encodeAnswer(key, { atMs: Date.now(), ...about, promptTokens, completionTokens }, completion);
    this.#waiting.set(key, entry);
    this.#waitingBytes += entry.length;
    if (this.#waitingBytes >= COMMIT_BYTES) {
      this.#commit();
      return;
    }
    const afterMs = Math.min(COMMIT_AT_LAST_MS, Math.max(COMMIT_AFTER_MS, COMMIT_SHARE * this.#commitMs));
    this.#timer ??= setTimeout(() => this.#commit(), afterMs);
  }

  get count(): number {
    return this.#entries.count;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  /** What is told of every answer, by key; undefined for a damaged one. */
  *heads(): Generator<[key: string, head: AnswerHead | undefined]> {
    for (const [key, entry] of this.#all()) yield [key, headOf(key, entry)];
  }

  /** Every answer that can be read, with what is told of it. */
  *answers(): Generator<{ key: string; head: AnswerHead; completion: Completion }> {
    for (const [key, entry] of this.#all()) {
      const head = headOf(key, entry);
      const completion = completionOf(key, entry);
      if (head !== undefined && completion !== undefined) yield { key, head, completion };
    }
  }

  /** Removes the answers that `chosen` names, damaged ones always; resolves to how many. Their room is used again. */
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

  /** In pages, so that a slow reader does not hold on to old pages of the file. */
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
    if (this.#waiting.size === 0) return;
    const startedMs = performance.now();
    try {
      this.#store.transaction(() => {
        for (const [key, entry] of this.#waiting) this.#entries.put(key, entry);
      });
    } catch (error) {
      this.#writable = false;
      this.#onNotice(`the cache keeps no more answers: ${error instanceof Error ? error.message : error}`);
    }
    this.#commitMs = performance.now() - startedMs;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
  }
}
