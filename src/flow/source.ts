import { mustBe } from '../util/check.js';

/** Items to iterate: an array, a generator, a readable stream, a reader such as `readJsonl(path)`. */
export type Source<T> = AsyncIterable<T> | Iterable<T>;

/** The end of the message `the source must be …`. */
export const SOURCE_EXPECTED = 'an iterable of records (an array, a stream, readJsonl(path))';

/** Returns true for what can be iterated for records; a string, an iterable of characters, cannot. */
export function isSource(value: unknown): value is Source<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** Throws UsageError for what cannot be iterated for records, such as a path that is passed instead of a reader. */
export function requireSource(name: string, value: unknown): void {
  if (!isSource(value)) throw mustBe(name, SOURCE_EXPECTED, value);
}

/** Starts an iteration; the iterators of rareflow and ix take a signal that ends them. */
export function iterate<T>(source: Source<T>, signal?: AbortSignal): AsyncIterator<T> {
  if (!(Symbol.asyncIterator in source)) return fromIterable(source);
  const open: (signal?: AbortSignal) => AsyncIterator<T> = source[Symbol.asyncIterator].bind(source);
  return open(signal);
}

async function* fromIterable<T>(source: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* source;
}
