/** The part of the concurrency that a dip takes. */
const DEPTH = 0.1;
/** The shortest and the longest dip, in successes for each concurrent call. */
const SHORTEST = 0.5;
const LONGEST = 200;

/**
 * Lowers the concurrency by a tenth after a "too many requests", and gives it back evenly over as many successes as the dip is
 * long. If it helps, so that no such answer comes before the dip is over, a limit is just above: the next dip is twice as long.
 * If one comes within it the answers do not depend on the load: the next is a quarter as long.
 */
export class ConcurrencyDip {
  readonly #concurrency: number;
  #length: number;
  #left = 0;
  /** Answers of calls that were in flight when the dip began. */
  #stale = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#length = concurrency;
  }

  /** The number of calls by which the concurrency is lowered now. */
  get depth(): number {
    return Math.round((DEPTH * this.#concurrency * this.#left) / this.#length);
  }

  limited(): void {
    this.#stale -= 1;
    if (this.#stale > 0) return;
    const next = this.#left > 0 ? this.#length / 4 : this.#length * 2;
    this.#length = Math.min(Math.max(next, SHORTEST * this.#concurrency), LONGEST * this.#concurrency);
    this.#left = this.#length;
    this.#stale = this.#concurrency;
  }

  succeeded(): void {
    this.#stale -= 1;
    this.#left = Math.max(0, this.#left - 1);
  }
}
