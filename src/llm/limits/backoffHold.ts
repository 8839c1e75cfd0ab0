import type { Clock } from './clock.js';

export interface HoldOptions {
  /** The longest hold, whatever the server asks, in milliseconds (600,000). */
  maxHoldMs?: number | undefined;
  /** The first hold where a 429 names no time, in milliseconds (2,000); it doubles with each in a row. */
  firstHoldMs?: number | undefined;
  /** The longest of those, in milliseconds (60,000). */
  maxGrownHoldMs?: number | undefined;
}

/** The time until which a server wants no call. */
export class Hold {
  readonly #maxMs: number;
  readonly #firstMs: number;
  readonly #maxGrownMs: number;
  #until = 0;
  #grown = 0;

  constructor(
    private readonly clock: Clock,
    { maxHoldMs = 600_000, firstHoldMs = 2000, maxGrownHoldMs = 60_000 }: HoldOptions,
  ) {
    this.#maxMs = maxHoldMs;
    this.#firstMs = firstHoldMs;
    this.#maxGrownMs = maxGrownHoldMs;
  }

  /** Milliseconds until it ends; 0 and below where there is none. */
  leftMs(): number {
    return this.#until - this.clock.now();
  }

  /**
   * Holds for `ms`; where the server named no time, for longer with each such answer in a row. Returns the length of a
   * hold that this began, and undefined where one was under way.
   */
  begin(ms: number | undefined): number | undefined {
    const held = this.leftMs() > 0;
    if (ms !== undefined) {
      const capped = Math.min(ms, this.#maxMs);
      this.#until = Math.max(this.#until, this.clock.now() + capped);
      return held ? undefined : capped;
    }
    // Calls that were in flight together fail together: only the first of them makes the hold grow.
    if (held) return undefined;
    const grown = Math.min(this.#firstMs * 2 ** this.#grown, this.#maxGrownMs);
    this.#grown += 1;
    this.#until = this.clock.now() + grown;
    return grown;
  }

  /** The next hold without a time is a first one again. */
  succeeded(): void {
    this.#grown = 0;
  }
}
