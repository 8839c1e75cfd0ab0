import { seededRandom } from '../util/random.js';

export interface SampleOrdinals {
  /** The number of items in the input. */
  count: number;
  size: number;
  seed: number;
  /** Returns true for items that belong to the sample in any case; they count for its size. */
  isTaken?: ((ordinal: number) => boolean) | undefined;
}

/**
 * Draws `size` of the numbers 0 … count − 1, each with the same probability. Every number has a random priority that depends on the
 * seed and itself alone, and those of the lowest priority are drawn: a larger sample holds each smaller one, and most of a sample
 * stays if the input grows. Its memory grows with the size.
 */
export function sampleOrdinals({ count, size, seed, isTaken = () => false }: SampleOrdinals): Set<number> {
  const random = seededRandom('pilot', seed);
  const taken: number[] = [];
  let drawn: { ordinal: number; priority: number }[] = [];
  let highest = Number.POSITIVE_INFINITY;
  const keepLowest = () => {
    drawn = drawn.sort((a, b) => a.priority - b.priority || a.ordinal - b.ordinal).slice(0, size);
    if (drawn.length === size) highest = drawn.at(-1)?.priority ?? highest;
  };
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const priority = random();
    if (isTaken(ordinal)) taken.push(ordinal);
    else if (priority < highest) drawn.push({ ordinal, priority });
    if (drawn.length >= 2 * size) keepLowest();
  }
  keepLowest();
  const missing = Math.max(0, size - taken.length);
  return new Set([...taken, ...drawn.slice(0, missing).map(({ ordinal }) => ordinal)]);
}
