import type { Clock } from './clock.js';

export interface CircuitBreakerOptions {
  /** False if it never trips (true). */
  trips?: boolean | undefined;
  /** This many transient faults in a row trip it too (no number does). */
  tripsInARow?: number | undefined;
  /** The pause before the first probe; it doubles with each failed probe. */
  probeDelayMs: number;
  /** The longest such pause. */
  maxProbeDelayMs: number;
}

const RECENT_OUTCOMES = 100;

/**
 * A circuit breaker: it trips when over half of the last 100 attempts failed with transient faults. From then on one call
 * at a time goes out, as a probe, after pauses that double, until any call succeeds.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #trips: boolean;
  readonly #tripsInARow: number;
  readonly #delayMs: number;
  readonly #maxDelayMs: number;
  /** A ring: 1 for a failure, 0 for a success or none yet; the oldest is at `#next`. */
  readonly #recent = new Uint8Array(RECENT_OUTCOMES);
  #next = 0;
  #failures = 0;
  #failuresInARow = 0;
  #tripped = false;
  #probing = false;
  #failedProbes = 0;
  #probeAt = 0;

  constructor(clock: Clock, { trips = true, tripsInARow, probeDelayMs, maxProbeDelayMs }: CircuitBreakerOptions) {
    this.#clock = clock;
    this.#trips = trips;
    this.#tripsInARow = tripsInARow ?? Number.POSITIVE_INFINITY;
    this.#delayMs = probeDelayMs;
    this.#maxDelayMs = maxProbeDelayMs;
  }

  get isTripped(): boolean {
    return this.#tripped;
  }

  /** The probes that have failed since it tripped. */
  get failedProbes(): number {
    return this.#failedProbes;
  }

  /** Returns the milliseconds until a call may go out, at most 1,000: it may close earlier, so ask again then. */
  readyInMs(): number {
    if (!this.#tripped) return 0;
    const pauseMs = this.#probeAt - this.#clock.now();
    return this.#probing || pauseMs > 1000 ? 1000 : pauseMs;
  }

  /** Notes that a call goes out; returns true if it is the probe. */
  enter(): boolean {
    if (!this.#tripped) return false;
    this.#probing = true;
    return true;
  }

  /** Notes that the probe has ended, successfully or not. */
  leave(): void {
    this.#probing = false;
    if (!this.#tripped) return;
    this.#failedProbes += 1;
    this.#pause();
  }

  succeeded(): void {
    if (this.#tripped) this.#recent.fill(0);
    this.#failures = this.#tripped ? 0 : this.#failures;
    this.#tripped = false;
    this.#failuresInARow = 0;
    this.#note(0);
  }

  /** Notes a transient fault; returns true if it trips the breaker. Calls in flight when it tripped no longer count. */
  failed(): boolean {
    if (this.#tripped || !this.#trips) return false;
    this.#failuresInARow += 1;
    this.#note(1);
    if (this.#failures <= RECENT_OUTCOMES / 2 && this.#failuresInARow < this.#tripsInARow) return false;
    return this.trip();
  }

  /** Trips it, as when the server is known to be away; returns false if it has tripped before, or never does. */
  trip(): boolean {
    if (this.#tripped || !this.#trips) return false;
    this.#tripped = true;
    this.#failedProbes = 0;
    this.#pause();
    return true;
  }

  #note(failure: 0 | 1): void {
    this.#failures += failure - (this.#recent[this.#next] as number);
    this.#recent[this.#next] = failure;
    this.#next = (this.#next + 1) % RECENT_OUTCOMES;
  }

  #pause(): void {
    this.#probeAt = this.#clock.now() + Math.min(this.#delayMs * 2 ** this.#failedProbes, this.#maxDelayMs);
  }
}
