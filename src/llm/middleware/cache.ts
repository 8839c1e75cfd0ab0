import { type MaybeSignal, onAbort } from '../../util/abort.js';
import type { AnswerStore } from '../cacheStore/answerStore.js';
import type { ChatModel, ChatRequest, Completion } from '../chatModel.js';
import { type AskedOf, cacheKey } from './cacheKey.js';

export interface CacheOptions extends AskedOf {
  /** The folder of the cache; it is opened, or made, at the first call. */
  path: string;
  /** Told of answers that cannot be read, and that no more can be written. */
  onNotice?: ((message: string) => void) | undefined;
}

export interface CachedModel extends ChatModel {
  /** Writes what is not yet written; answers that are still under way are not kept. */
  close(): Promise<void>;
}

/**
 * Answers from the cache what was answered before, and makes one call of requests that are the same and under way at the
 * same time. What comes from either is marked `cached`: it was not paid for here. Only whole answers are kept, read or not:
 * a refusal or a failure may end otherwise when it is asked again, and a rerun is how one asks.
 */
export function cache(model: ChatModel, { path, onNotice, ...askedOf }: CacheOptions): CachedModel {
  const flights = new Map<string, Flight>();
  let opened: Promise<AnswerStore> | undefined;

  const open = async (): Promise<AnswerStore> => {
    const { AnswerStore } = await import('../cacheStore/answerStore.js');
    return new AnswerStore({ path, onNotice });
  };

  const launch = (key: string, request: ChatRequest, store: AnswerStore): Flight => {
    const { stage = 'other' } = request;
    const flight = new Flight(async (signal) => {
      const completion = await model.complete(request, { signal });
      store.put(key, { stage, model: askedOf.model }, completion);
      return completion;
    });
    flights.set(key, flight);
    flight.onEnd = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    return flight;
  };

  return {
    name: model.name,
    async complete(request, { signal } = {}) {
      opened ??= open();
      const store = await opened;
      signal?.throwIfAborted();
      const key = cacheKey(request, askedOf);
      const kept = store.get(key);
      if (kept !== undefined) return { ...kept, cached: true };
      const flight = flights.get(key);
      if (flight !== undefined) return { ...(await flight.join(signal)), cached: true };
      return launch(key, request, store).join(signal);
    },
    async close() {
      const store = await opened?.catch(() => undefined);
      await store?.close();
    },
  };
}

/** One call that several may wait for. It is aborted when the last of them has left; how it ends, it ends for all. */
class Flight {
  readonly #controller = new AbortController();
  readonly #landed: Promise<Completion>;
  #passengers = 0;
  /** Called when nobody can join any more. */
  onEnd = () => {};

  constructor(fly: (signal: AbortSignal) => Promise<Completion>) {
    this.#landed = fly(this.#controller.signal);
    this.#landed.then(
      () => this.onEnd(),
      () => this.onEnd(),
    );
  }

  join(signal: MaybeSignal): Promise<Completion> {
    this.#passengers += 1;
    return new Promise((resolve, reject) => {
      const offAbort =
        signal &&
        onAbort(signal, () => {
          offAbort?.();
          reject(signal.reason);
          this.#passengers -= 1;
          if (this.#passengers > 0) return;
          this.onEnd();
          this.#controller.abort(signal.reason);
        });
      this.#landed.then(resolve, reject).finally(offAbort);
    });
  }
}
