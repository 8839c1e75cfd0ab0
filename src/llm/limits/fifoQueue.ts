import { type MaybeSignal, untilAborted } from '../../util/abort.js';

interface QueuedCaller {
  weight: number;
  admit: () => void;
}

/** Callers that wait, first come, first served, for something of a given weight; each may leave by abort. */
export class FifoQueue {
  readonly #callers = new Set<QueuedCaller>();
  #weight = 0;

  get length(): number {
    return this.#callers.size;
  }

  /** The weight of all callers. */
  get weight(): number {
    return this.#weight;
  }

  /** The weight of the first caller; undefined if none waits. */
  get frontWeight(): number | undefined {
    return this.#front?.weight;
  }

  /** Resolves when admitted. `onLeave` runs if the caller gives up instead: those behind it may now fit. */
  join(weight: number, signals: MaybeSignal[], onLeave?: () => void): Promise<void> {
    return untilAborted(signals, (admit) => {
      const caller = { weight, admit };
      this.#callers.add(caller);
      this.#weight += weight;
      return () => {
        this.#remove(caller);
        onLeave?.();
      };
    });
  }

  /** Admits the first caller. */
  admitFront(): void {
    const caller = this.#front;
    if (caller === undefined) return;
    this.#remove(caller);
    caller.admit();
  }

  get #front(): QueuedCaller | undefined {
    for (const caller of this.#callers) return caller;
    return undefined;
  }

  #remove(caller: QueuedCaller): void {
    this.#callers.delete(caller);
    this.#weight -= caller.weight;
  }
}
