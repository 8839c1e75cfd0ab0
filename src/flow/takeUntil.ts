import { type OptionsOf, resolveOptions } from '../util/options.js';
import { type Operator, operator } from './operator.js';
import { limitOption, signalOption } from './options.js';

const takeUntilOptions = {
  /** The most items that are passed on. Default: all. */
  limit: limitOption,
  /** Aborting it ends the stream with its reason. */
  stop: signalOption,
};

export type TakeUntilOptions = OptionsOf<typeof takeUntilOptions>;

/**
 * Passes a source on until `limit` items have passed. Aborting `stop` ends the stream with its reason, as if the source had
 * failed: what is in flight behind it is finished first. A pull that the source has not answered is not awaited.
 */
export function takeUntil<T>(options: TakeUntilOptions = {}): Operator<T, T> {
  const { limit = Number.POSITIVE_INFINITY, stop } = resolveOptions('takeUntil', takeUntilOptions, options);
  return operator(async function* (source) {
    const iterator = source[Symbol.asyncIterator]();
    let fail: (reason: unknown) => void = () => {};
    let isWaiting = false;
    const onStop = () => fail(stop?.reason);
    stop?.addEventListener('abort', onStop, { once: true });
    try {
      for (let taken = 0; taken < limit; taken++) {
        stop?.throwIfAborted();
        isWaiting = true;
        const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
          fail = reject;
          iterator.next().then(resolve, reject);
        });
        isWaiting = false;
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      stop?.removeEventListener('abort', onStop);
      const closing = iterator.return?.();
      if (isWaiting) closing?.catch(() => {});
      else await closing;
    }
  }, 'takeUntil');
}
