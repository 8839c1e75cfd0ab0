import type { Clock } from './clock.js';

/** The answers over which the share of limited calls is measured. */
const RECENT_ANSWERS = 200;
/** If more than one in this many was limited, a limit is in force. */
const RARE = 10;
/** Fewer are not enough to remember that it was. */
const MIN_EVIDENCE = 10;
const REMEMBERED_MS = 300_000;
/** If this many of the last few answers were limited, a limit has just come into force; by chance that is far rarer. */
const LATEST_ANSWERS = 20;
const BURST = 7;

/**
 * Distinguishes a lone "too many requests", which some gateways send for one call in hundreds whatever the load, from a limit
 * that is in force. It is lone if at most one in ten of the last 200 answers was limited, and six of the last 20; once a limit
 * has been seen, none is lone for five minutes.
 */
export class LimitPressure {
  readonly #clock: Clock;
  /** A ring: 1 for a limited call; the oldest is at `#next`. */
  readonly #recent = new Uint8Array(RECENT_ANSWERS);
  #next = 0;
  #answers = 0;
  /** The limited calls among the latest answers. */
  #latest = 0;
  #limited = 0;
  #inForceUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True if a limit has been seen in the last five minutes. */
  get isInForce(): boolean {
    return this.#clock.now() < this.#inForceUntilMs;
  }

  /** Notes any other answer. */
  answered(): void {
    this.#note(0);
  }

  /** Notes a limited call; returns true if it is a lone one. */
  limited(): boolean {
    this.#note(1);
    const now = this.#clock.now();
    if (this.isInForce) return false;
    const isBurst = this.#latest >= BURST;
    if (this.#limited * RARE <= this.#answers && !isBurst) return true;
    if (this.#limited >= MIN_EVIDENCE || isBurst) this.#inForceUntilMs = now + REMEMBERED_MS;
    return false;
  }

  #note(isLimited: 0 | 1): void {
    this.#limited += isLimited - (this.#recent[this.#next] as number);
    this.#latest += isLimited - (this.#recent.at(this.#next - LATEST_ANSWERS) as number);
    this.#recent[this.#next] = isLimited;
    this.#next = (this.#next + 1) % RECENT_ANSWERS;
    this.#answers = Math.min(this.#answers + 1, RECENT_ANSWERS);
  }
}
