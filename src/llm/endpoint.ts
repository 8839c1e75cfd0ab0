import { ModelError } from '../errors.js';
import { type MaybeSignal, throwIfAborted } from './abort.js';
import type { ChatModel } from './chatModel.js';
import { type Clock, systemClock } from './clock.js';

export interface EndpointOptions {
  /** The longest hold, whatever the server asks, in milliseconds (600,000). */
  maxHoldMs?: number | undefined;
  /** The first hold where a 429 names no time, in milliseconds (2,000); it doubles with each in a row. */
  firstHoldMs?: number | undefined;
  /** The longest of those, in milliseconds (60,000). */
  maxGrownHoldMs?: number | undefined;
  /** Passing faults without one success for so long stop the run, in milliseconds (1,800,000). */
  deadAfterMs?: number | undefined;
  /** After so many successes (100) it takes `fatalInARow` (3) fatal answers in a row to stop the run, before only one. */
  provenAfter?: number | undefined;
  fatalInARow?: number | undefined;
  /** So many requests found wrong before the first success stop the run (20). */
  badRequestsInARow?: number | undefined;
  clock?: Clock | undefined;
}

/** What all calls to one server share: the hold it asked for, whether it works at all, and the error that ended the run. */
export class Endpoint {
  readonly #maxHoldMs: number;
  readonly #firstHoldMs: number;
  readonly #maxGrownHoldMs: number;
  readonly #deadAfterMs: number;
  readonly #provenAfter: number;
  readonly #fatalInARow: number;
  readonly #badRequestsInARow: number;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #heldUntil = 0;
  #grownHolds = 0;
  #successes = 0;
  #fatal = 0;
  #badRequests = 0;
  #troubleSince: number | undefined;
  #troubleLast = 0;

  constructor(options: EndpointOptions = {}) {
    this.#maxHoldMs = options.maxHoldMs ?? 600_000;
    this.#firstHoldMs = options.firstHoldMs ?? 2000;
    this.#maxGrownHoldMs = options.maxGrownHoldMs ?? 60_000;
    this.#deadAfterMs = options.deadAfterMs ?? 1_800_000;
    this.#provenAfter = options.provenAfter ?? 100;
    this.#fatalInARow = options.fatalInARow ?? 3;
    this.#badRequestsInARow = options.badRequestsInARow ?? 20;
    this.#clock = options.clock ?? systemClock;
  }

  /** Aborted, with the ModelError as its reason, once no new call may go out. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get everSucceeded(): boolean {
    return this.#successes > 0;
  }

  /** Resolves when a call may go out. Throws the ModelError that stopped the endpoint, or the signal's reason. */
  async ready(signal: MaybeSignal): Promise<void> {
    throwIfAborted(signal, this.stopped);
    for (;;) {
      const waitMs = this.#heldUntil - this.#clock.now();
      if (waitMs <= 0) return;
      await this.#clock.sleep(waitMs, signal, this.stopped);
    }
  }

  /**
   * No call goes out for `ms`; where the server named no time, for longer with each such answer in a row. Returns the
   * length of a hold that this began, and undefined where one was under way.
   */
  hold(ms: number | undefined): number | undefined {
    const now = this.#clock.now();
    const held = now < this.#heldUntil;
    if (ms !== undefined) {
      const capped = Math.min(ms, this.#maxHoldMs);
      this.#heldUntil = Math.max(this.#heldUntil, now + capped);
      return held ? undefined : capped;
    }
    // Calls that were in flight together fail together: only the first of them makes the hold grow.
    if (held) return undefined;
    const grown = Math.min(this.#firstHoldMs * 2 ** this.#grownHolds, this.#maxGrownHoldMs);
    this.#grownHolds += 1;
    this.#heldUntil = now + grown;
    return grown;
  }

  succeeded(): void {
    this.#successes += 1;
    this.#fatal = 0;
    this.#grownHolds = 0;
    this.#troubleSince = undefined;
  }

  /** A passing fault: throws where there has been nothing else for too long. */
  troubled(what: string): void {
    const now = this.#clock.now();
    // Faults with a silence between them that no hold explains, as of a slow source, are no row of faults.
    const silenceMs = Math.max(this.#deadAfterMs / 2, 1.1 * this.#maxHoldMs);
    if (now - this.#troubleLast > silenceMs) this.#troubleSince = undefined;
    this.#troubleLast = now;
    this.#troubleSince ??= now;
    if (now - this.#troubleSince <= this.#deadAfterMs) return;
    const minutes = Math.round(this.#deadAfterMs / 60_000);
    throw this.stop(
      new ModelError(`no success for ${minutes} minutes; last: ${what}`, { hint: 'run again once it is up' }),
    );
  }

  /** An answer that means no call can work. Throws it, except where the endpoint has proved itself: at the third in a row. */
  refused(error: ModelError): void {
    this.#fatal += 1;
    if (this.#successes < this.#provenAfter || this.#fatal >= this.#fatalInARow) throw this.stop(error);
  }

  /** A request that was found wrong. Throws where the first 20 all were: then it is not the record's fault. */
  foundWrong(reason: string, cause: unknown): void {
    this.#badRequests += 1;
    if (this.#successes > 0 || this.#badRequests < this.#badRequestsInARow) return;
    const hint = 'check the model, its options and the prompt: no request has worked yet';
    throw this.stop(
      new ModelError(`the first ${this.#badRequests} requests were refused; last: ${reason}`, {
        hint,
        cause,
        resumable: false,
      }),
    );
  }

  /** From now on no call goes out; returns the error that ended it, which is the first. */
  stop(error: ModelError): unknown {
    this.#stop.abort(error);
    return this.#stop.signal.reason;
  }
}

/** Lets no attempt out while the endpoint is held or stopped. It stands next to the adapter, after the waits of `limit`. */
export function gate(model: ChatModel, endpoint: Endpoint): ChatModel {
  return {
    name: model.name,
    async complete(request, options = {}) {
      await endpoint.ready(options.signal);
      return await model.complete(request, options);
    },
  };
}
