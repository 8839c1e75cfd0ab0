import type { MaybeSignal } from '../../util/abort.js';
import { WaitingLine } from './fifoQueue.js';

/** A counting semaphore, first come, first served, whose size may change while it is in use. */
export class Slots {
  readonly #line = new WaitingLine();
  #size: number;
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get isFull(): boolean {
    return this.#taken >= this.#size;
  }

  /** Does some work in a slot, as soon as one is free; rejects with the reason of the first of the signals that aborts. */
  async use<T>(signals: MaybeSignal[], work: () => Promise<T>): Promise<T> {
    if (this.isFull || this.#line.length > 0) await this.#line.join(1, signals);
    else this.#taken += 1;
    try {
      return await work();
    } finally {
      this.#taken -= 1;
      this.#admit();
    }
  }

  /** Where it shrinks, slots that are taken stay so until they are given back. */
  resize(size: number): void {
    this.#size = size;
    this.#admit();
  }

  /** A free slot goes straight to the next in line, so nobody who comes later can snatch it. */
  #admit(): void {
    while (!this.isFull && this.#line.length > 0) {
      this.#taken += 1;
      this.#line.admitFront();
    }
  }
}
