import type { MaybeSignal } from '../../util/abort.js';
import { FifoQueue } from './fifoQueue.js';

/** A counting semaphore, first come, first served, whose size may change while it is in use. */
export class Semaphore {
  readonly #queue = new FifoQueue();
  #size: number;
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get isFull(): boolean {
    return this.#taken >= this.#size;
  }

  /** Runs `work` in a slot as soon as one is free; rejects with the reason of the first signal to abort. */
  async use<T>(signals: MaybeSignal[], work: () => Promise<T>): Promise<T> {
    if (this.isFull || this.#queue.length > 0) await this.#queue.join(1, signals);
    else this.#taken += 1;
    try {
      return await work();
    } finally {
      this.#taken -= 1;
      this.#admit();
    }
  }

  /** Changes the size. If it shrinks, slots in use are kept until they are given back. */
  resize(size: number): void {
    this.#size = size;
    this.#admit();
  }

  /** Hands a free slot straight to the first caller in the queue, so that nobody who comes later can take it. */
  #admit(): void {
    while (!this.isFull && this.#queue.length > 0) {
      this.#taken += 1;
      this.#queue.admitFront();
    }
  }
}
