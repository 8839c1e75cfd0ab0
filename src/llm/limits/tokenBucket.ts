import type Bottleneck from 'bottleneck';
import { RejectError } from '../../errors.js';
import type { MaybeSignal } from '../../util/abort.js';
import { WaitingLine } from './fifoQueue.js';

export interface PermitsOptions {
  /** What is rationed, as an error names it: `requests`, `tokens`. */
  unit: string;
  /** Without it there are permits for all, until `pace` names a rate. */
  perWindow?: number | undefined;
  windowMs?: number | undefined;
}

/**
 * Permits at a steady rate, `perWindow` each `windowMs` (60,000), from a bottleneck reservoir that is filled about 60
 * times a window: any stretch of a window's length sees at most one such lot over the rate. Bottleneck dispatches some
 * 400 jobs a second, so a job fetches permits for all who wait, and never more than one job is queued in it.
 */
export class Permits {
  readonly #unit: string;
  readonly #windowMs: number;
  readonly #line = new WaitingLine();
  #perWindow: number;
  /** A server named the rate: it paces, and refuses nothing that the server may take. */
  #isLearned = false;
  #lot = 1;
  #limiter: Promise<Bottleneck> | undefined;
  /** Permits fetched and not handed out; below 0 where a call took more than it had reserved. */
  #spare = 0;
  /** Permits fetched since `#sinceMs`, without a pause between them. */
  #fetched = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #fetching = false;

  constructor({ unit, perWindow = Number.POSITIVE_INFINITY, windowMs = 60_000 }: PermitsOptions) {
    this.#unit = unit;
    this.#windowMs = windowMs;
    this.#perWindow = perWindow;
  }

  /** Changes the rate, from the next lot on. */
  pace(perWindow: number | undefined): void {
    if (perWindow === undefined || perWindow === this.#perWindow) return;
    this.#perWindow = perWindow;
    this.#isLearned = true;
    if (!this.#fetching) void this.close();
    this.#limiter = undefined;
  }

  /**
   * Resolves when `wanted` permits are ours, to how many must be given back or used: 0 while there is no rate. Where a
   * whole window does not hold as many, it throws RejectError; of a rate that a server named, the window is taken.
   */
  async take(wanted: number, signals: MaybeSignal[]): Promise<number> {
    if (this.#perWindow === Number.POSITIVE_INFINITY) return 0;
    const weight = this.#isLearned ? Math.min(wanted, this.#perWindow) : wanted;
    if (weight > this.#perWindow) {
      throw new RejectError(
        `the request needs ${weight} ${this.#unit}, the limit is ${this.#perWindow} ${this.#unit} a minute`,
        { attempts: 0, hint: `raise the limit of ${this.#unit} a minute, or shorten the text or the answer's cap` },
      );
    }
    if (this.#line.length === 0 && this.#spare >= weight) {
      this.#spare -= weight;
      return weight;
    }
    const admitted = this.#line.join(weight, signals, () => this.#serve());
    this.#serve();
    await admitted;
    return weight;
  }

  /** Gives permits back that were reserved and not used; a negative number takes what was used without a reserve. */
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
      const weight = this.#line.frontWeight;
      if (weight === undefined) return;
      if (weight > this.#spare) break;
      this.#spare -= weight;
      this.#line.admitFront();
    }
    if (!this.#fetching) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.#fetching = true;
    const opened = this.#limiter ?? this.#open();
    this.#limiter = opened;
    const limiter = await opened;
    const lot = Math.max(1, Math.min(this.#lot, Math.ceil(this.#line.weight - this.#spare)));
    await limiter.schedule({ weight: lot }, async () => {});
    this.#spare += lot + this.#overdue(lot);
    this.#fetching = false;
    if (this.#limiter !== opened) await limiter.disconnect();
    this.#serve();
  }

  /** What beats that came late, on a busy machine, have left out: the timer of a reservoir makes up for nothing. */
  #overdue(lot: number): number {
    const now = performance.now();
    const due = ((now - this.#sinceMs) * this.#perWindow) / this.#windowMs;
    const missing = Math.floor(due - this.#fetched - lot);
    if (missing > this.#lot) {
      // Nobody asked for a while: what was not asked for is not saved up.
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
    // One increase a heartbeat: the interval is a little under it, or a beat that comes early would be skipped.
    const options = { reservoirIncreaseInterval: everyMs * 0.9, heartbeatInterval: everyMs };
    return new Limiter({
      ...options,
      // A rate that changes with every answer must not open a new lot each time.
      reservoir: this.#fetched > 0 ? 0 : this.#lot,
      reservoirIncreaseAmount: this.#lot,
      reservoirIncreaseMaximum: this.#lot,
    });
  }
}
