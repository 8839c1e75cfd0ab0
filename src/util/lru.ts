interface WeighedValue<V> {
  value: V;
  weight: number;
}

export interface LruOptions<V> {
  /** The total weight that is kept. */
  maxWeight: number;
  /** Returns the weight of a value, in the unit of `maxWeight`, such as its bytes. Default: 1 each. */
  weightOf?: (value: V) => number;
}

/** A map of bounded weight that drops the entries that were not used for the longest time. */
export class LruCache<K, V> {
  readonly #entries = new Map<K, WeighedValue<V>>();
  readonly #maxWeight: number;
  readonly #weightOf: (value: V) => number;
  #weight = 0;

  constructor({ maxWeight, weightOf = () => 1 }: LruOptions<V>) {
    this.#maxWeight = maxWeight;
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The weight of all entries together. */
  get weight(): number {
    return this.#weight;
  }

  values(): V[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** Returns a value and marks it as used. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value and drops others until all fit. A value heavier than `maxWeight` is not kept. */
  set(key: K, value: V): void {
    this.delete(key);
    const weight = this.#weightOf(value);
    if (weight > this.#maxWeight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}
