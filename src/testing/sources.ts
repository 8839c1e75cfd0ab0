import { setTimeout as sleep } from 'node:timers/promises';

/** A source that records how it was used. */
export interface WatchedSource<T> extends AsyncIterable<T> {
  /** The number of items that were pulled. */
  pulled: number;
  /** The number of iterations that were started, and of those that were closed. */
  opened: number;
  closed: number;
}

export interface WatchedOptions {
  /** The delay before each item. */
  delayMs?: (index: number) => number;
  /** Throws instead of giving the item of this index. */
  failAt?: number;
  /** Never answers the pull of this index. */
  hangAt?: number;
}

/** Gives `items` one after another and counts pulls, openings and closings. */
export function watched<T>(items: Iterable<T>, { delayMs, failAt, hangAt }: WatchedOptions = {}): WatchedSource<T> {
  return {
    pulled: 0,
    opened: 0,
    closed: 0,
    async *[Symbol.asyncIterator]() {
      this.opened += 1;
      let index = 0;
      try {
        for (const item of items) {
          const wait = delayMs?.(index) ?? 0;
          if (wait > 0) await sleep(wait);
          if (index === failAt) throw new Error('the source failed');
          if (index === hangAt) await new Promise(() => {});
          this.pulled += 1;
          index += 1;
          yield item;
        }
      } finally {
        this.closed += 1;
      }
    },
  };
}

/** 0, 1, 2, … below `count`. */
export function* range(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
