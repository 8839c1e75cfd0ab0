/**
 * Passes a source on until `limit` items were given or `stop` is aborted, whichever comes first; then the stream ends as if
 * the source had, so that what is in flight behind it is finished. A pull that the source has not answered is not waited for.
 */
export async function* gate<T>(
  source: AsyncIterable<T>,
  { limit = Number.POSITIVE_INFINITY, stop }: { limit?: number | undefined; stop?: AbortSignal | undefined } = {},
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const ended: IteratorResult<T> = { done: true, value: undefined };
  let end = () => {};
  let waiting = false;
  const onStop = () => end();
  stop?.addEventListener('abort', onStop, { once: true });
  try {
    for (let given = 0; given < limit && stop?.aborted !== true; given++) {
      waiting = true;
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        end = () => resolve(ended);
        iterator.next().then((result) => {
          waiting = false;
          resolve(result);
        }, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stop?.removeEventListener('abort', onStop);
    const closing = iterator.return?.();
    if (waiting) closing?.catch(() => {});
    else await closing;
  }
}
