import type { MaybeSignal } from '../../util/abort.js';
import type { Clock } from './clock.js';

/** Fewer calls, or a shorter time, between two limits say little about the rate. */
const MIN_ADMITTED = 20;
const MIN_MEASURE_MS = 2000;
/** Without a call for this long, the time between two limits does not measure the rate. */
const IDLE_MS = 5000;
/** The pace after a limit, as a share of the measured rate. From there it grows by this share of it a second, and faster with time. */
const START_SHARE = 0.98;
const GROWTH_PER_SECOND = 0.005;
const GROWTH_DOUBLES_MS = 60_000;
/** No measurement takes off more than this: it may have been disturbed. */
const LEAST_OF_PACE = 0.5;
/** A pace that was not limited for this long is given up. */
const PACE_KEPT_MS = 300_000;

/**
 * Learns the rate that a server without limit headers admits, and paces the calls by it. A token bucket is empty whenever it
 * refuses a call, so the calls that it admitted between two refusals, by their time, are its rate.
 */
export class LearnedRate {
  readonly #clock: Clock;
  /** The time of the last limit, and the calls admitted since. */
  #limitedAtMs: number | undefined;
  #admitted = 0;
  #lastSentMs = 0;
  /** Calls a millisecond just after the limit from which they were learned; undefined if calls are not paced. */
  #pace: number | undefined;
  #pacedAtMs = 0;
  #nextMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while calls are paced. */
  get isPacing(): boolean {
    return this.#paceNow() !== undefined;
  }

  /** Resolves when the pace allows the next call. */
  async take(signals: MaybeSignal[]): Promise<void> {
    const pace = this.#paceNow();
    if (pace === undefined) return;
    const now = this.#clock.now();
    const at = Math.max(now, this.#nextMs);
    this.#nextMs = at + 1 / pace;
    if (at > now) await this.#clock.sleep(at - now, ...signals);
  }

  /** Notes a call that is sent. */
  sent(): void {
    const now = this.#clock.now();
    if (now - this.#lastSentMs > IDLE_MS) this.#limitedAtMs = undefined;
    this.#lastSentMs = now;
    this.#admitted += 1;
  }

  /** Notes that a call was refused; only a limit that is in force says something about the rate. */
  limited(isInForce: boolean): void {
    this.#admitted -= 1;
    if (!isInForce) return;
    const now = this.#clock.now();
    const elapsedMs = now - (this.#limitedAtMs ?? now);
    // Calls that were in flight together are refused together.
    if (this.#limitedAtMs !== undefined && elapsedMs < MIN_MEASURE_MS) return;
    if (this.#admitted >= MIN_ADMITTED && elapsedMs > 0) this.#learn(this.#admitted / elapsedMs, now);
    this.#limitedAtMs = now;
    this.#admitted = 0;
  }

  #learn(rate: number, nowMs: number): void {
    this.#pace = Math.max(rate * START_SHARE, LEAST_OF_PACE * (this.#paceNow() ?? 0));
    this.#pacedAtMs = nowMs;
    this.#nextMs = nowMs;
  }

  #paceNow(): number | undefined {
    if (this.#pace === undefined) return undefined;
    const ms = this.#clock.now() - this.#pacedAtMs;
    if (ms > PACE_KEPT_MS) {
      this.#pace = undefined;
      return undefined;
    }
    const growth = (GROWTH_PER_SECOND * ms) / 1000;
    return this.#pace * (1 + growth * (1 + ms / GROWTH_DOUBLES_MS));
  }
}
