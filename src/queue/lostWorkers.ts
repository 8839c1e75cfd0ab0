import type { SeenWorker } from './registry.js';

/** A loss is reported this long after the last sign of the worker: by then its calls have been asked again. */
const REPORTED_AFTER_MS = 12_000;

interface Loss {
  silentSince: Date;
  askedAgain: number;
  said: boolean;
}

/** The workers that were lost, by name: when, and how many of their calls were asked again. */
export class LostWorkers {
  readonly #losses = new Map<string, Loss>();
  readonly #onNotice: (message: string) => void;

  constructor(onNotice: (message: string) => void) {
    this.#onNotice = onNotice;
  }

  /** Notes the workers as they are now, and reports those that are lost or came back. */
  note(workers: readonly SeenWorker[], lostAfterMs: number): void {
    for (const { name, silentMs } of workers) {
      const loss = this.#losses.get(name);
      if (silentMs < lostAfterMs) {
        if (loss?.said) this.#onNotice(`the worker ${name} is back`);
        if (loss !== undefined && !loss.said && loss.askedAgain > 0) this.#say(name, loss);
        this.#losses.delete(name);
      } else if (loss === undefined)
        this.#losses.set(name, { ...none(), silentSince: new Date(Date.now() - silentMs) });
      else if (!loss.said && silentMs >= REPORTED_AFTER_MS) this.#say(name, loss);
    }
  }

  /** Notes that a call of a worker is asked again. */
  askAgain(name: string): void {
    const loss = this.#losses.get(name) ?? none();
    loss.askedAgain += 1;
    this.#losses.set(name, loss);
  }

  /** Reports the losses that were not reported yet. */
  sayAll(): void {
    for (const [name, loss] of this.#losses) if (!loss.said) this.#say(name, loss);
  }

  #say(name: string, loss: Loss): void {
    loss.said = true;
    const at = loss.silentSince.toISOString().slice(11, 19);
    const calls = loss.askedAgain === 1 ? '1 call' : `${loss.askedAgain} calls`;
    this.#onNotice(
      `the worker ${name} was lost at ${at} UTC; ${calls} of it asked again, and what they cost is unknown`,
    );
  }
}

const none = (): Loss => ({ silentSince: new Date(), askedAgain: 0, said: false });
