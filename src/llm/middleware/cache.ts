import { type MaybeSignal, onAbort } from '../../util/abort.js';
import type { AnswerStore } from '../cacheStore/answerStore.js';
import type { ChatModel, ChatRequest, Completion } from '../chatModel.js';
import { type CacheScope, cacheKey } from './cacheKey.js';

export interface CacheOptions extends CacheScope {
  /** The folder of the cache; it is opened, or created, at the first call. */
  path: string;
  /** Called with a message when answers cannot be read, and when no more can be written. */
  onNotice?: ((message: string) => void) | undefined;
}

export interface CachedModel extends ChatModel {
  /** Writes what is not yet written; answers that have not come yet are not kept. */
  close(): Promise<void>;
}

/**
 * Answers from the cache what was answered before, and makes one call for equal requests that are in progress at the same
 * time. Both kinds of answer are marked `cached`: nothing was paid for them here. Every complete answer is kept, whether or
 * not an operator can read it. A refusal or a failure is not: asked again, the model may answer.
 */
export function cache(model: ChatModel, { path, onNotice, ...scope }: CacheOptions): CachedModel {
  const inProgress = new Map<string, SharedCall>();
  let opened: Promise<AnswerStore> | undefined;

  const open = async (): Promise<AnswerStore> => {
    const { AnswerStore } = await import('../cacheStore/answerStore.js');
    return new AnswerStore({ path, onNotice });
  };

  const start = (key: string, request: ChatRequest, store: AnswerStore): SharedCall => {
    const { stage = 'other' } = request;
    const call = new SharedCall(async (signal) => {
      const completion = await model.complete(request, { signal });
      store.put(key, { stage, model: scope.model }, completion);
      return completion;
    });
    inProgress.set(key, call);
    call.onEnd = () => {
      if (inProgress.get(key) === call) inProgress.delete(key);
    };
    return call;
  };

  return {
    name: model.name,
    async complete(request, { signal } = {}) {
      opened ??= open();
      const store = await opened;
      signal?.throwIfAborted();
      const key = cacheKey(request, scope);
      const kept = store.get(key);
      if (kept !== undefined) return { ...kept, cached: true };
      const shared = inProgress.get(key);
      if (shared !== undefined) return { ...(await shared.join(signal)), cached: true };
      return start(key, request, store).join(signal);
    },
    async close() {
      const store = await opened?.catch(() => undefined);
      await store?.close();
    },
  };
}

/** One call that several callers may wait for. It is aborted when the last of them has left; all get the same outcome. */
class SharedCall {
  readonly #controller = new AbortController();
  readonly #outcome: Promise<Completion>;
  #callers = 0;
  /** Called when nobody can join any more. */
  onEnd = () => {};

  constructor(make: (signal: AbortSignal) => Promise<Completion>) {
    this.#outcome = make(this.#controller.signal);
    this.#outcome.then(
      () => this.onEnd(),
      () => this.onEnd(),
    );
  }

  join(signal: MaybeSignal): Promise<Completion> {
    this.#callers += 1;
    return new Promise((resolve, reject) => {
      const offAbort =
        signal &&
        onAbort(signal, () => {
          offAbort?.();
          reject(signal.reason);
          this.#callers -= 1;
          if (this.#callers > 0) return;
          this.onEnd();
          this.#controller.abort(signal.reason);
        });
      this.#outcome.then(resolve, reject).finally(offAbort);
    });
  }
}
