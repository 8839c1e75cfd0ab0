import { type Operator, operator } from './operator.js';

export interface GateOptions {
  limit?: number | undefined;
  stop?: AbortSignal | undefined;
}

/**
 * Passes a source on until `limit` items were given. Aborting `stop` ends the stream with its reason, as if the source had
 * failed: what is in flight behind it is finished first. A pull that the source has not answered is not waited for.
 */
export function gate<T>({ limit = Number.POSITIVE_INFINITY, stop }: GateOptions): Operator<T, T> {
  return operator(async function* (source) {
    const iterator = source[Symbol.asyncIterator]();
    let fail: (reason: unknown) => void = () => {};
    let waiting = false;
    const onStop = () => fail(stop?.reason);
    stop?.addEventListener('abort', onStop, { once: true });
    try {
      for (let given = 0; given < limit; given++) {
        stop?.throwIfAborted();
        waiting = true;
        const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
          fail = reject;
          iterator.next().then(resolve, reject);
        });
        waiting = false;
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      stop?.removeEventListener('abort', onStop);
      const closing = iterator.return?.();
      if (waiting) closing?.catch(() => {});
      else await closing;
    }
  });
}
