/** A set of whole numbers from 0, kept as ranges: its memory grows with its gaps. */
export class OrdinalSet {
  /** The first number of a range and the first one after it, in turn, ascending. */
  readonly #edges: number[];

  constructor(edges: readonly number[] = []) {
    this.#edges = [...edges];
  }

  /** The least number that is not in the set. */
  get lowWater(): number {
    return this.#edges[0] === 0 ? (this.#edges[1] ?? 0) : 0;
  }

  get size(): number {
    return this.#edges.reduce((sum, edge, index) => sum + (index % 2 === 0 ? -edge : edge), 0);
  }

  has(ordinal: number): boolean {
    return this.#edgesUpTo(ordinal) % 2 === 1;
  }

  add(ordinal: number): void {
    const edges = this.#edges;
    const index = this.#edgesUpTo(ordinal);
    if (index % 2 === 1) return;
    const follows = edges[index - 1] === ordinal;
    const precedes = edges[index] === ordinal + 1;
    if (follows && precedes) edges.splice(index - 1, 2);
    else if (follows) edges[index - 1] = ordinal + 1;
    else if (precedes) edges[index] = ordinal;
    else edges.splice(index, 0, ordinal, ordinal + 1);
  }

  /** Returns the ranges, for the constructor: `[0, 90, 92, 95]` holds 0 to 89 and 92 to 94. */
  toJSON(): number[] {
    return [...this.#edges];
  }

  /** Counts the edges at or below a number: odd inside a range. */
  #edgesUpTo(ordinal: number): number {
    let low = 0;
    let high = this.#edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#edges[middle] as number) <= ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
