/**
 * Lets its callers continue one by one, each in its own turn of the event loop: work that becomes ready in bunches then
 * blocks the loop no longer than a single piece of it does.
 */
export class EventLoopTurns {
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
