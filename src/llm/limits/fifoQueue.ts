import { type MaybeSignal, untilAborted } from '../../util/abort.js';

interface Waiter {
  weight: number;
  admit: () => void;
}

/** First come, first served: callers that wait for something of some weight, each free to leave by abort. */
export class WaitingLine {
  readonly #waiting = new Set<Waiter>();
  #weight = 0;

  get length(): number {
    return this.#waiting.size;
  }

  /** The weight of all who wait. */
  get weight(): number {
    return this.#weight;
  }

  /** The weight of the one in front; undefined where nobody waits. */
  get frontWeight(): number | undefined {
    return this.#front?.weight;
  }

  /** Resolves when admitted. `onLeave` runs where the waiter gave up instead: who stood behind may now fit. */
  join(weight: number, signals: MaybeSignal[], onLeave?: () => void): Promise<void> {
    return untilAborted(signals, (admit) => {
      const waiter = { weight, admit };
      this.#waiting.add(waiter);
      this.#weight += weight;
      return () => {
        this.#remove(waiter);
        onLeave?.();
      };
    });
  }

  /** Lets the one in front go. */
  admitFront(): void {
    const waiter = this.#front;
    if (waiter === undefined) return;
    this.#remove(waiter);
    waiter.admit();
  }

  get #front(): Waiter | undefined {
    for (const waiter of this.#waiting) return waiter;
    return undefined;
  }

  #remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    this.#weight -= waiter.weight;
  }
}
