/** A uniform sample of `size` items of a stream of unknown length (Vitter 1985, algorithm R). */
export class Reservoir<T> {
  readonly items: T[] = [];
  #seen = 0;

  readonly #size: number;
  readonly #random: () => number;

  constructor(size: number, random: () => number) {
    this.#size = size;
    this.#random = random;
  }

  /** Offers the next item. `make` is called only if the sample takes it. */
  offer(make: () => T): void {
    this.#seen += 1;
    const index = this.items.length < this.#size ? this.items.length : Math.floor(this.#random() * this.#seen);
    if (index < this.#size) this.items[index] = make();
  }
}
