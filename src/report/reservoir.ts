/** A fair sample of `size` items of a stream whose length nobody knows (Vitter's algorithm R). */
export class Reservoir<T> {
  readonly items: T[] = [];
  #seen = 0;

  constructor(
    private readonly size: number,
    private readonly random: () => number,
  ) {}

  /** Takes an item with the chance that it needs; `make` is called where it is taken. */
  offer(make: () => T): void {
    this.#seen += 1;
    const place = this.items.length < this.size ? this.items.length : Math.floor(this.random() * this.#seen);
    if (place < this.size) this.items[place] = make();
  }
}
