import type { Clock } from './clock.js';

export interface BreakerOptions {
  /** Whether it trips at all (true). */
  trips?: boolean | undefined;
  /** So many passing faults in a row trip it too (no number does). */
  tripsInARow?: number | undefined;
  /** The pause before the first probe, in milliseconds (1,000); it doubles with each that fails. */
  probeDelayMs?: number | undefined;
  /** The longest of those, in milliseconds (60,000). */
  maxProbeDelayMs?: number | undefined;
}

const outcomes = 100;

/**
 * A circuit breaker: over half of the last 100 attempts failing in passing ways trip it. From then on one call at a time
 * goes out, as a probe, after pauses that double, until any call succeeds.
 */
export class Breaker {
  readonly #trips: boolean;
  readonly #tripsInARow: number;
  readonly #delayMs: number;
  readonly #maxDelayMs: number;
  /** 1 for a failure, 0 for a success or none yet; the oldest is at `#place`. */
  readonly #recent = new Uint8Array(outcomes);
  #place = 0;
  #failures = 0;
  #inARow = 0;
  #tripped = false;
  #probing = false;
  #failedProbes = 0;
  #probeAt = 0;

  constructor(
    private readonly clock: Clock,
    { trips = true, tripsInARow, probeDelayMs, maxProbeDelayMs }: BreakerOptions,
  ) {
    this.#trips = trips;
    this.#tripsInARow = tripsInARow ?? Number.POSITIVE_INFINITY;
    this.#delayMs = probeDelayMs ?? 1000;
    this.#maxDelayMs = maxProbeDelayMs ?? 60_000;
  }

  get isTripped(): boolean {
    return this.#tripped;
  }

  /** Probes that failed since it tripped. */
  get failedProbes(): number {
    return this.#failedProbes;
  }

  /** Milliseconds until a call may go out; what it waits for may come earlier, so ask again after a second. */
  readyInMs(): number {
    if (!this.#tripped) return 0;
    const pauseMs = this.#probeAt - this.clock.now();
    return this.#probing || pauseMs > 1000 ? 1000 : pauseMs;
  }

  /** A call goes out; true where it is the probe. */
  enter(): boolean {
    if (!this.#tripped) return false;
    this.#probing = true;
    return true;
  }

  /** The probe has ended, in whatever way. */
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
    this.#inARow = 0;
    this.#note(0);
  }

  /** A passing fault; true where it trips the breaker. What was in flight when it tripped may fail as it likes. */
  failed(): boolean {
    if (this.#tripped || !this.#trips) return false;
    this.#inARow += 1;
    this.#note(1);
    if (this.#failures <= outcomes / 2 && this.#inARow < this.#tripsInARow) return false;
    this.#tripped = true;
    this.#failedProbes = 0;
    this.#pause();
    return true;
  }

  #note(failure: 0 | 1): void {
    this.#failures += failure - (this.#recent[this.#place] as number);
    this.#recent[this.#place] = failure;
    this.#place = (this.#place + 1) % outcomes;
  }

  #pause(): void {
    this.#probeAt = this.clock.now() + Math.min(this.#delayMs * 2 ** this.#failedProbes, this.#maxDelayMs);
  }
}
