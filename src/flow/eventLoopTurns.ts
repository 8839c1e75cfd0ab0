/**
 * Lets its callers go on one by one, each in a turn of the event loop of its own: work that becomes ready in bunches then holds the
 * loop no longer than a single piece of it does.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
