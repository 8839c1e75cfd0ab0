import { ModelError } from '../errors.js';

/** An outage is reported after this long: short ones end by themselves. */
const SAID_AFTER_MS = 3000;
const NO_WORKER = 'has no worker';

export interface QueueOutageOptions {
  /** The name of the queue. */
  name: string;
  model: string;
  /** The address of Redis, for messages. */
  redis: string;
  /** The run is stopped after this long. */
  timeoutMs: number;
  onNotice: (message: string) => void;
}

/** The time in which a run waits for Redis or for a worker. It is reported, and stops the run if it takes too long. */
export class QueueOutage {
  readonly #options: QueueOutageOptions;
  #now: { reason: string; sinceMs: number; said: boolean } | undefined;
  #lastRedisMs = 0;

  constructor(options: QueueOutageOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#now !== undefined;
  }

  /** The last time at which Redis could not be used. */
  get lastRedisMs(): number {
    return this.#lastRedisMs;
  }

  /** Notes that Redis cannot be used. Throws ModelError after the timeout. */
  redisFails(reason: string, nowMs = Date.now()): void {
    this.#lastRedisMs = nowMs;
    this.#goesOn(reason, nowMs);
  }

  /** Notes that calls wait and no worker is there. Throws ModelError after the timeout. */
  noWorker(nowMs = Date.now()): void {
    this.#goesOn(NO_WORKER, nowMs);
  }

  end(): void {
    if (this.#now?.said) this.#options.onNotice(`${this.#subject(this.#now.reason)} works again`);
    this.#now = undefined;
  }

  #goesOn(reason: string, nowMs: number): void {
    const { name, model, timeoutMs, onNotice } = this.#options;
    if (this.#now?.reason !== reason) this.#now = { reason, sinceMs: this.#now?.sinceMs ?? nowMs, said: false };
    const waitedMs = nowMs - this.#now.sinceMs;
    const seconds = Math.round(timeoutMs / 1000);
    const fault = `${this.#subject(reason)} ${reason}`;
    if (!this.#now.said && waitedMs >= Math.min(SAID_AFTER_MS, timeoutMs / 2)) {
      this.#now.said = true;
      const fix = reason === NO_WORKER ? ` (rareflow worker --queue … --queue-name ${name} --model ${model})` : '';
      onNotice(`${fault}${fix}: the run waits, and stops to be resumed after ${seconds} s`);
    }
    if (waitedMs < timeoutMs) return;
    throw new ModelError(`${fault}, for ${seconds} s`, {
      hint: 'run again to resume once it is there; --queue-timeout waits longer',
    });
  }

  #subject(reason: string): string {
    return reason === NO_WORKER ? `the queue ${this.#options.name}` : `Redis at ${this.#options.redis}`;
  }
}
