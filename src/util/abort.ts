export type MaybeSignal = AbortSignal | undefined;

interface Hub {
  listeners: Set<() => void>;
  run: () => void;
}

const hubs = new WeakMap<AbortSignal, Hub>();

function hubOf(signal: AbortSignal): Hub {
  const known = hubs.get(signal);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  const run = () => {
    for (const listener of [...listeners]) listener();
  };
  const hub = { listeners, run };
  hubs.set(signal, hub);
  return hub;
}

/**
 * Runs `listener` when the signal aborts; the returned function takes it off again. However many listen, the signal has
 * one listener, and none once the last has left: Node warns of a leak from the 11th on, and `AbortSignal.any` does leak.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, run } = hubOf(signal);
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
 * A promise that `start` resolves, or that rejects with the reason of the first of the signals to abort; `cancel`, which
 * `start` returns, then undoes what it began.
 */
export function untilAborted(signals: MaybeSignal[], start: (resolve: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave: (() => void)[] = [];
    const settle = (finish: () => void) => {
      for (const off of leave) off();
      finish();
    };
    for (const signal of signals) {
      if (signal?.aborted) {
        settle(() => reject(signal.reason));
        return;
      }
      if (signal === undefined) continue;
      leave.push(
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
