import { requireSource, type Source } from './source.js';

/** Runs a stream to its end for its effects and resolves to the number of its items. */
export async function drain(source: Source<unknown>): Promise<number> {
  requireSource('the source of drain', source);
  let count = 0;
  for await (const _ of source) count += 1;
  return count;
}
