import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { IndexError } from '../../errors.js';
import type { Manifest } from '../format/manifest.js';
import type { DocumentText } from '../scoring/textSimilarity.js';
import type { Hit, Weighting } from '../searcher.js';
import { moduleBeside, startWorker } from './startWorker.js';

export interface SearchWorkerData {
  path: string;
  manifest: Manifest;
  cacheMb: number;
}

/** The terms of a query. */
export interface SearchTask {
  tokens: readonly string[];
  k: number;
  weighting: Weighting;
}

/** Asks for the similarity of a text and each of some documents. */
export interface CompareTask {
  text: string;
  documents: readonly DocumentText[];
}

/** A reply to a task; a thread replies in the order of its tasks. */
export type SearchReply = { found: Hit[] | number[] } | { message: string; hint: string | undefined };

interface Waiting {
  resolve: (found: Hit[] | number[]) => void;
  reject: (error: unknown) => void;
}

/** Searches and compares in worker threads, each with its own open index and cache. An idle pool does not keep the process alive. */
export class SearchPool {
  readonly #threads: readonly SearchThread[];

  private constructor(threads: readonly SearchThread[]) {
    this.#threads = threads;
  }

  /** Opens a pool; resolves when all threads have opened the index of `manifest`. */
  static async open(threads: number, data: SearchWorkerData): Promise<SearchPool> {
    const started = Array.from({ length: threads }, () => {
      return new SearchThread(startWorker(moduleBeside(import.meta.url, 'searchWorker'), data));
    });
    const pool = new SearchPool(started);
    try {
      await Promise.all(started.map((thread) => thread.ready));
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  async search(task: SearchTask): Promise<Hit[]> {
    return (await this.#idlest().ask(task)) as Hit[];
  }

  async compare(task: CompareTask): Promise<number[]> {
    return (await this.#idlest().ask(task)) as number[];
  }

  /** Returns the thread with the fewest tasks. */
  #idlest(): SearchThread {
    return this.#threads.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class SearchThread {
  readonly ready: Promise<unknown>;
  readonly #tasks: Waiting[] = [];
  #closing = false;
  /** The reason that it no longer replies. */
  #ended: Error | undefined;

  readonly #worker: Worker;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.ready = once(worker, 'message').then(() => {
      worker.on('message', (reply: SearchReply) => this.#settle(reply));
      worker.unref();
    });
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new IndexError('the index is closed')));
  }

  get waiting(): number {
    return this.#tasks.length;
  }

  ask(task: SearchTask | CompareTask): Promise<Hit[] | number[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      if (this.#tasks.length === 0) this.#worker.ref();
      this.#tasks.push({ resolve, reject });
      this.#worker.postMessage(task);
    });
  }

  /** Closes the thread after its waiting tasks. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#closing = true; // its last answers must not let the process end before it has
    const exited = once(this.#worker, 'exit');
    this.#worker.ref();
    this.#worker.postMessage('close');
    await exited;
  }

  #settle(reply: SearchReply): void {
    const task = this.#tasks.shift();
    if (this.#tasks.length === 0 && !this.#closing) this.#worker.unref();
    if ('found' in reply) task?.resolve(reply.found);
    else task?.reject(new IndexError(reply.message, { hint: reply.hint }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#tasks.splice(0)) reject(this.#ended);
  }
}
