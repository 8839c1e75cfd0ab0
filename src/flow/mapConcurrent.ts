import { setMaxListeners } from 'node:events';
import { requireWholeNumber } from '../util/check.js';

export interface MapConcurrentOptions {
  /** How many calls of `work` run at once, at most. Default 16. */
  concurrency?: number | undefined;
  /** Give results in the order of the source. Default true. */
  ordered?: boolean | undefined;
  /**
   * How many items may be between the source and the consumer, in flight or finished. A slow head holds back no other
   * call until so many wait behind it. Default 64 × concurrency in order, 2 × concurrency otherwise.
   */
  window?: number | undefined;
  /** Aborting it throws the signal's reason at the consumer. */
  signal?: AbortSignal | undefined;
}

export interface WorkContext {
  /** Aborted when the stream is left: by its consumer, or by the outer signal. */
  signal: AbortSignal;
  /** The item's place in the source, from 0. */
  index: number;
}

/** Holds the place of an item whose work failed. */
const failed = Symbol('failed');

/**
 * Maps a source through `work` with bounded concurrency.
 *
 * Calls start as soon as there is room, in any order of finishing; `ordered` only holds results at the door. A finished
 * result is given at once, however slow the source. When `work` or the source throws, nothing more is started, what is in
 * flight is finished and given (it may have been paid for), and then the error is thrown. A consumer that leaves aborts
 * what is in flight and does not wait for it. The source is closed in every case; a pull that it has not answered yet is
 * not waited for.
 */
export async function* mapConcurrent<In, Out>(
  source: AsyncIterable<In>,
  work: (item: In, context: WorkContext) => Out | Promise<Out>,
  options: MapConcurrentOptions = {},
): AsyncGenerator<Out, void, undefined> {
  const { concurrency = 16, ordered = true, signal } = options;
  const { window = (ordered ? 64 : 2) * concurrency } = options;
  requireWholeNumber('concurrency', concurrency);
  requireWholeNumber('window', window);
  signal?.throwIfAborted();

  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal); // each call in flight may listen
  const iterator = source[Symbol.asyncIterator]();
  /** Finished results by their place at the door: the order of starting where ordered, of finishing otherwise. */
  const ready = new Map<number, Out | typeof failed>();
  let started = 0;
  let finished = 0;
  let given = 0;
  let pulling = false;
  let ended = false;
  let failure: { error: unknown } | undefined;
  let wake = () => {};

  const fail = (error: unknown) => {
    failure ??= { error };
    ended = true;
  };

  const pull = async () => {
    if (pulling) return;
    pulling = true;
    try {
      while (!ended && started - finished < concurrency && started - given < window) {
        const next = await iterator.next();
        if (ended) break;
        if (next.done === true) ended = true;
        else void run(next.value, started++);
      }
    } catch (error) {
      fail(error);
    }
    pulling = false;
    wake();
  };

  const run = async (item: In, index: number) => {
    let result: Out | typeof failed = failed;
    try {
      result = await work(item, { signal: leaving.signal, index });
    } catch (error) {
      fail(error);
    }
    ready.set(ordered ? index : finished, result);
    finished += 1;
    void pull();
    wake();
  };

  const onAbort = () => {
    ended = true;
    leaving.abort(signal?.reason);
    wake();
  };
  signal?.addEventListener('abort', onAbort, { once: true });

  try {
    void pull();
    for (;;) {
      signal?.throwIfAborted();
      const result = ready.get(given);
      if (ready.delete(given)) {
        given += 1;
        void pull();
        if (result !== failed) yield result as Out;
        continue;
      }
      if (ended && finished === started) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    ended = true;
    signal?.removeEventListener('abort', onAbort);
    leaving.abort(signal?.reason);
    const closing = iterator.return?.();
    if (pulling) closing?.catch(() => {});
    else await closing;
  }
}
