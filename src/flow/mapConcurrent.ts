import { setMaxListeners } from 'node:events';
import { type OptionsOf, resolveOptions } from '../util/options.js';
import { concurrencyOption, orderedOption, signalOption, windowOption } from './options.js';
import { iterate, requireSource, type Source } from './source.js';

const mapConcurrentOptions = {
  /** The most calls of `work` at once. */
  concurrency: concurrencyOption,
  /** Give results in the order of the source. Default true. */
  ordered: orderedOption,
  /**
   * The most items between the source and the consumer, in flight or finished. A slow first item delays no other
   * call until this many wait behind it. Default 64 × concurrency in order, 2 × concurrency otherwise.
   */
  window: windowOption,
  /** Aborting it throws the signal's reason at the consumer. */
  signal: signalOption,
};

export type MapConcurrentOptions = OptionsOf<typeof mapConcurrentOptions>;

export interface WorkContext {
  /** Aborted when the consumer leaves the stream, or by the outer signal. */
  signal: AbortSignal;
  /** The item's index in the source, from 0. */
  index: number;
}

/** The result of an item whose work failed. */
const failed = Symbol('failed');

/**
 * Maps a source through `work` with bounded concurrency.
 *
 * Calls start as soon as there is room and finish in any order; `ordered` only delays the output of results. A finished
 * result is yielded at once, however slow the source is. When `work` or the source throws, nothing more is started, what is
 * in flight is finished and yielded (it may have been paid for), and then the error is thrown. A consumer that leaves aborts
 * what is in flight and does not wait for it. The source is closed in every case; a pull that it has not answered yet is
 * not awaited.
 *
 * @throws UsageError for an unknown option, a value out of range, or a source that cannot be iterated
 */
export async function* mapConcurrent<In, Out>(
  source: Source<In>,
  work: (item: In, context: WorkContext) => Out | Promise<Out>,
  options: MapConcurrentOptions = {},
): AsyncGenerator<Out, void, undefined> {
  requireSource('the source of mapConcurrent', source);
  const resolved = resolveOptions('mapConcurrent', mapConcurrentOptions, options);
  const { concurrency, ordered, window = (ordered ? 64 : 2) * concurrency, signal } = resolved;
  signal?.throwIfAborted();

  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal); // each call in flight may listen
  const iterator = iterate(source);
  /** Finished results by their index in the output: the order of starting if `ordered`, of finishing otherwise. */
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
