export type MaybeSignal = AbortSignal | undefined;

interface SharedListener {
  listeners: Set<() => void>;
  run: () => void;
}

const sharedListeners = new WeakMap<AbortSignal, SharedListener>();

function sharedListenerOf(signal: AbortSignal): SharedListener {
  const known = sharedListeners.get(signal);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  const run = () => {
    for (const listener of [...listeners]) listener();
  };
  const shared = { listeners, run };
  sharedListeners.set(signal, shared);
  return shared;
}

/**
 * Runs `listener` when the signal aborts; the returned function removes it. However many listeners there are, the signal
 * has one, and none once the last is removed: Node warns of a leak from the 11th on, and `AbortSignal.any` does leak.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, run } = sharedListenerOf(signal);
  if (listeners.size === 0) signal.addEventListener('abort', run);
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) signal.removeEventListener('abort', run);
  };
}

export function throwIfAborted(...signals: MaybeSignal[]): void {
  for (const signal of signals) signal?.throwIfAborted();
}

/**
 * Returns a promise that `start` resolves, or that rejects with the reason of the first signal to abort; then the function
 * that `start` returned undoes what `start` began.
 */
export function untilAborted(signals: MaybeSignal[], start: (resolve: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const removers: (() => void)[] = [];
    const settle = (finish: () => void) => {
      for (const remove of removers) remove();
      finish();
    };
    for (const signal of signals) {
      if (signal?.aborted) {
        settle(() => reject(signal.reason));
        return;
      }
      if (signal === undefined) continue;
      removers.push(
        onAbort(signal, () =>
          settle(() => {
            cancel();
            reject(signal.reason);
          }),
        ),
      );
    }
    const cancel = start(() => settle(resolve));
  });
}

/** Returns a signal that aborts when either does, undefined if there is none. Make it once a stream, not once an item. */
export function eitherSignal(a: AbortSignal, b: MaybeSignal): AbortSignal;
export function eitherSignal(a: MaybeSignal, b: MaybeSignal): MaybeSignal;
export function eitherSignal(a: MaybeSignal, b: MaybeSignal): MaybeSignal {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  return AbortSignal.any([a, b]);
}
