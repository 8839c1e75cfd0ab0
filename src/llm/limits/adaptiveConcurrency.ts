export interface AdaptiveConcurrencyOptions {
  /** Never more than this. */
  max: number;
  /** To begin with (8). */
  start?: number | undefined;
}

/** Tokens a second at some limit. */
interface Measure {
  limit: number;
  rate: number;
}

/** An increase is kept where tokens a second rose by this factor: self-hosted servers queue instead of saying no. */
const worthwhile = 1.03;
const cutFactor = 0.7;
/** A comparison needs a step that should show: of less than this, the gain drowns in the spread of service times. */
const step = 1.25;
/** Possible overloads, less a tenth for each success, that are taken for one. */
const mostStrain = 5;
/** The most windows that a limit which was no better is left alone before more is tried again. */
const mostPatience = 64;

/**
 * Finds how many calls at once a server is best asked, from how calls end. A window is as many of them as the limit.
 * From `start` the limit doubles until tokens a second no longer rise or the server is overloaded; from then on it grows
 * by one a window and falls to 0.7 of itself, at most once a window, when the server is overloaded. Wherever it has grown
 * by a quarter it is compared with where it stood, and goes back there unless tokens a second rose by 3 %.
 */
export class AdaptiveConcurrency {
  readonly #max: number;
  #limit: number;
  #doubling = true;
  #base: Measure | undefined;
  /** Calls to let go by until the last change has taken effect, or after a try that did not help. */
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

  /** A call ended well. `isFull`: the limit is what holds calls back; where it is not, they say nothing about it. */
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
   * The server said that it has too much to do. `plainly`: with a 429; a 503 or a timeout may be a passing fault, so they
   * count only where they are more than one call in ten.
   */
  overloaded(plainly: boolean): void {
    this.#graceCalls -= 1;
    this.#strain += plainly ? mostStrain : 1;
    // What was in flight before the last cut tells nothing about the limit after it.
    if (this.#graceCalls > 0 || this.#strain < mostStrain) return;
    this.#strain = 0;
    this.#graceCalls = this.#limit;
    this.#doubling = false;
    this.#base = undefined;
    this.#change(Math.max(1, Math.floor(this.#limit * cutFactor)));
  }

  #target({ limit }: Measure): number {
    return Math.min(this.#max, this.#doubling ? limit * 2 : Math.ceil(limit * step));
  }

  #grow(base: Measure): void {
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

  #judge(measure: Measure): void {
    const base = this.#base;
    if (base === undefined || base.limit >= measure.limit || measure.rate >= worthwhile * base.rate) {
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
    this.#patience = Math.min(this.#patience * 2, mostPatience);
  }

  #change(limit: number): void {
    this.#limit = limit;
    this.#skip = limit;
    this.#growth = 0;
  }
}
