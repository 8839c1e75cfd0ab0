import type Bottleneck from 'bottleneck';
import { RejectError } from '../../errors.js';
import type { MaybeSignal } from '../../util/abort.js';
import { FifoQueue } from './fifoQueue.js';

export interface TokenBucketOptions {
  /** The unit of the bucket, as errors name it: `requests`, `tokens`. */
  unit: string;
  /** The rate; unlimited until `setRate` sets one. */
  perWindow?: number | undefined;
  windowMs: number;
}

/**
 * A token bucket: permits at a steady rate, `perWindow` each `windowMs`, from a bottleneck reservoir that is
 * refilled about 60 times a window, so any stretch as long as a window sees at most one refill over the rate. Bottleneck
 * dispatches about 400 jobs a second, so one job fetches permits for all callers, and never more than one job is queued.
 */
export class TokenBucket {
  readonly #unit: string;
  readonly #windowMs: number;
  readonly #queue = new FifoQueue();
  #perWindow: number;
  /** A server named the rate: it delays calls, and refuses none that the server may accept. */
  #isLearned = false;
  #lot = 1;
  #limiter: Promise<Bottleneck> | undefined;
  /** Permits fetched and not handed out; below 0 if a call took more than it had reserved. */
  #spare = 0;
  /** Permits fetched since `#sinceMs`, without a pause in between. */
  #fetched = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #fetching = false;

  constructor({ unit, perWindow = Number.POSITIVE_INFINITY, windowMs }: TokenBucketOptions) {
    this.#unit = unit;
    this.#windowMs = windowMs;
    this.#perWindow = perWindow;
  }

  /** Changes the rate, from the next lot on. */
  setRate(perWindow: number | undefined): void {
    if (perWindow === undefined || perWindow === this.#perWindow) return;
    this.#perWindow = perWindow;
    this.#isLearned = true;
    if (!this.#fetching) void this.close();
    this.#limiter = undefined;
  }

  /**
   * Resolves when `wanted` permits are taken, to the number that must be used or given back: 0 while there is no rate.
   * Throws RejectError if a whole window holds fewer; if a server named the rate, takes the whole window instead.
   */
  async take(wanted: number, signals: MaybeSignal[]): Promise<number> {
    if (this.#perWindow === Number.POSITIVE_INFINITY) return 0;
    const weight = this.#isLearned ? Math.min(wanted, this.#perWindow) : wanted;
    if (weight > this.#perWindow) {
      throw new RejectError(
        `the request needs ${weight} ${this.#unit}, over the limit of ${this.#perWindow} ${this.#unit} a minute`,
        { attempts: 0, hint: `raise the limit of ${this.#unit} a minute, shorten the text, or lower maxTokens` },
      );
    }
    if (this.#queue.length === 0 && this.#spare >= weight) {
      this.#spare -= weight;
      return weight;
    }
    const admitted = this.#queue.join(weight, signals, () => this.#serve());
    this.#serve();
    await admitted;
    return weight;
  }

  /** Gives back permits that were reserved and not used; a negative number takes those used beyond the reserve. */
  give(weight: number): void {
    this.#spare = Math.min(this.#spare + weight, this.#perWindow);
    this.#serve();
  }

  async close(): Promise<void> {
    const limiter = await this.#limiter;
    await limiter?.disconnect();
  }

  #serve(): void {
    for (;;) {
      const weight = this.#queue.frontWeight;
      if (weight === undefined) return;
      if (weight > this.#spare) break;
      this.#spare -= weight;
      this.#queue.admitFront();
    }
    if (!this.#fetching) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.#fetching = true;
    const opened = this.#limiter ?? this.#open();
    this.#limiter = opened;
    const limiter = await opened;
    const lot = Math.max(1, Math.min(this.#lot, Math.ceil(this.#queue.weight - this.#spare)));
    await limiter.schedule({ weight: lot }, async () => {});
    this.#spare += lot + this.#overdue(lot);
    this.#fetching = false;
    if (this.#limiter !== opened) await limiter.disconnect();
    this.#serve();
  }

  /** Returns the permits lost to heartbeats that came late on a busy machine: the reservoir does not catch up itself. */
  #overdue(lot: number): number {
    const now = performance.now();
    const due = ((now - this.#sinceMs) * this.#perWindow) / this.#windowMs;
    const missing = Math.floor(due - this.#fetched - lot);
    if (missing > this.#lot) {
      // Nobody asked for a while: unused permits are not saved up.
      this.#sinceMs = now;
      this.#fetched = 0;
      return 0;
    }
    const overdue = Math.max(0, missing);
    this.#fetched += lot + overdue;
    return overdue;
  }

  async #open(): Promise<Bottleneck> {
    const { default: Limiter } = await import('bottleneck');
    this.#lot = Math.ceil(this.#perWindow / 60);
    const everyMs = Math.max(1, Math.round((this.#lot * this.#windowMs) / this.#perWindow));
    // One increase a heartbeat: the interval is a little shorter, or a heartbeat that comes early would be skipped.
    const options = { reservoirIncreaseInterval: everyMs * 0.9, heartbeatInterval: everyMs };
    return new Limiter({
      ...options,
      // A rate that changes with every answer must not release a new lot each time.
      reservoir: this.#fetched > 0 ? 0 : this.#lot,
      reservoirIncreaseAmount: this.#lot,
      reservoirIncreaseMaximum: this.#lot,
    });
  }
}
