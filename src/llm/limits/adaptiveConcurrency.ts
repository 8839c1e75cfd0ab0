export interface AdaptiveConcurrencyOptions {
  /** Never more than this. */
  max: number;
  /** The limit to start with (8). */
  start?: number | undefined;
}

/** Tokens a second at a limit. */
interface Throughput {
  limit: number;
  rate: number;
}

/** An increase is kept if tokens a second rose by this factor: self-hosted servers queue instead of answering 429. */
const WORTHWHILE_GAIN = 1.03;
const CUT_FACTOR = 0.7;
/** The step between two limits that are compared: the gain of a smaller one is lost in the spread of service times. */
const GROWTH_STEP = 1.25;
/** Possible overloads, less a tenth for each success, that count as a certain one. */
const MAX_STRAIN = 5;
/** The most windows to wait before a higher limit is tried again after it was no better. */
const MAX_PATIENCE = 64;

/**
 * Finds the number of concurrent calls that serves best, from how calls end. A window is as many calls as the limit.
 * From `start` the limit doubles until tokens a second no longer rise or the server is overloaded; from then on it grows
 * by one a window and falls to 0.7 of itself, at most once a window, when the server is overloaded. Whenever it has grown
 * by a quarter it is compared with the limit before, and returns to that unless tokens a second rose by 3 %.
 */
export class AdaptiveConcurrency {
  readonly #max: number;
  #limit: number;
  #doubling = true;
  #base: Throughput | undefined;
  /** Calls to ignore until the last change has taken effect, or after a try that did not help. */
  #skip: number;
  #measured = 0;
  #tokens = 0;
  #sinceMs = 0;
  #growth = 0;
  #patience = 1;
  #graceCalls = 0;
  #strain = 0;

  constructor({ max, start = 8 }: AdaptiveConcurrencyOptions) {
    this.#max = max;
    this.#limit = Math.min(start, max);
    this.#skip = this.#limit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Notes a success. `isFull`: the limit is what delays calls; if it is not, the call says nothing about the limit. */
  succeeded(tokens: number, nowMs: number, isFull: boolean): void {
    this.#graceCalls -= 1;
    this.#strain = Math.max(0, this.#strain - 0.1);
    if (!isFull || this.#skip > 0) {
      this.#skip -= 1;
      this.#measured = 0;
      this.#tokens = 0;
      this.#sinceMs = nowMs;
      return;
    }
    if (this.#base !== undefined && this.#limit < this.#target(this.#base)) {
      this.#grow(this.#base);
      return;
    }
    this.#measured += 1;
    this.#tokens += tokens;
    if (this.#measured < Math.max(32, (this.#doubling ? 1 : 8) * this.#limit)) return;
    this.#judge({ limit: this.#limit, rate: this.#tokens / Math.max(1, nowMs - this.#sinceMs) });
  }

  /**
   * Notes that the server was overloaded. `isCertain`: it answered 429; a 503 or a timeout may be a transient fault, so
   * those count only if they are more than one call in ten.
   */
  overloaded(isCertain: boolean): void {
    this.#graceCalls -= 1;
    this.#strain += isCertain ? MAX_STRAIN : 1;
    // Calls that were in flight before the last cut say nothing about the limit after it.
    if (this.#graceCalls > 0 || this.#strain < MAX_STRAIN) return;
    this.#strain = 0;
    this.#graceCalls = this.#limit;
    this.#doubling = false;
    this.#base = undefined;
    this.#change(Math.max(1, Math.floor(this.#limit * CUT_FACTOR)));
  }

  #target({ limit }: Throughput): number {
    return Math.min(this.#max, this.#doubling ? limit * 2 : Math.ceil(limit * GROWTH_STEP));
  }

  #grow(base: Throughput): void {
    if (this.#doubling) {
      this.#change(this.#target(base));
      return;
    }
    this.#growth += 1;
    if (this.#growth < this.#limit) return;
    this.#growth = 0;
    this.#limit += 1;
    if (this.#limit === this.#target(base)) this.#change(this.#limit);
  }

  #judge(measure: Throughput): void {
    const base = this.#base;
    if (base === undefined || base.limit >= measure.limit || measure.rate >= WORTHWHILE_GAIN * base.rate) {
      this.#base = measure;
      this.#patience = 1;
      this.#skip = 0;
      this.#growth = 0;
      return;
    }
    this.#doubling = false;
    this.#base = undefined;
    this.#change(base.limit);
    this.#skip = base.limit * this.#patience;
    this.#patience = Math.min(this.#patience * 2, MAX_PATIENCE);
  }

  #change(limit: number): void {
    this.#limit = limit;
    this.#skip = limit;
    this.#growth = 0;
  }
}
