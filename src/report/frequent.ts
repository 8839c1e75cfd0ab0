export interface Frequent {
  key: string;
  /** An example of the key, from when it was first counted. */
  example: string;
  /** At least this often, and at most `slack` times more. */
  count: number;
}

/**
 * Finds the most frequent keys in bounded memory. It counts `capacity` keys, and subtracts the median from all counts if
 * there are more (Misra & Gries 1982, in batches as in Anderson et al., "A high-performance algorithm for identifying frequent
 * items in data streams", 2017). The counts of up to `capacity` keys are exact.
 */
export class FrequentKeys {
  /** The most that a count may be too low. */
  slack = 0;
  readonly #kept = new Map<string, { count: number; example: string }>();

  readonly #capacity: number;

  constructor(capacity = 8192) {
    this.#capacity = capacity;
  }

  add(key: string, example: () => string = () => key): void {
    const known = this.#kept.get(key);
    if (known !== undefined) known.count += 1;
    else this.#kept.set(key, { count: 1, example: example() });
    if (this.#kept.size > this.#capacity) this.#shrink();
  }

  top(most: number): Frequent[] {
    const all = [...this.#kept].map(([key, { count, example }]) => ({ key, example, count }));
    return all.sort((a, b) => b.count - a.count).slice(0, most);
  }

  #shrink(): void {
    const counts = [...this.#kept.values()].map(({ count }) => count).sort((a, b) => a - b);
    const median = counts[counts.length >> 1] as number;
    this.slack += median;
    for (const [key, kept] of this.#kept) {
      kept.count -= median;
      if (kept.count <= 0) this.#kept.delete(key);
    }
  }
}
