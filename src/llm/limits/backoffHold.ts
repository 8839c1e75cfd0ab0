import type { Clock } from './clock.js';

export interface BackoffHoldOptions {
  /** The longest hold, whatever the server asks for. */
  maxHoldMs: number;
  /** The first hold after a 429 that names no time; it doubles with each in a row. */
  firstHoldMs: number;
  /** The longest of those. */
  maxGrownHoldMs: number;
}

/** The time during which a server must not be called: as long as it asked for, or with exponential backoff. */
export class BackoffHold {
  readonly #clock: Clock;
  readonly #maxMs: number;
  readonly #firstMs: number;
  readonly #maxGrownMs: number;
  #until = 0;
  #growth = 0;

  constructor(clock: Clock, { maxHoldMs, firstHoldMs, maxGrownHoldMs }: BackoffHoldOptions) {
    this.#clock = clock;
    this.#maxMs = maxHoldMs;
    this.#firstMs = firstHoldMs;
    this.#maxGrownMs = maxGrownHoldMs;
  }

  /** Returns the milliseconds until it ends; 0 or less if there is none. */
  remainingMs(): number {
    return this.#until - this.#clock.now();
  }

  /**
   * Holds for `ms`; if the server named no time, for longer with each such answer in a row. Returns the length of a hold
   * that this call began, and undefined if one was already in force.
   */
  begin(ms: number | undefined, firstMs = this.#firstMs): number | undefined {
    const isHeld = this.remainingMs() > 0;
    if (ms !== undefined) {
      const capped = Math.min(ms, this.#maxMs);
      this.#until = Math.max(this.#until, this.#clock.now() + capped);
      return isHeld ? undefined : capped;
    }
    // Calls that were in flight together fail together: only the first of them makes the hold grow.
    if (isHeld) return undefined;
    const grownMs = Math.min(firstMs * 2 ** this.#growth, this.#maxGrownMs);
    this.#growth += 1;
    this.#until = this.#clock.now() + grownMs;
    return grownMs;
  }

  /** Resets the growth: the next hold without a time is a first one again. */
  succeeded(): void {
    this.#growth = 0;
  }
}
