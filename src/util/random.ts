import { createHash } from 'node:crypto';

/**
 * Returns a generator of random numbers in [0, 1) that depends on the parts alone, so that a record gets the same numbers in
 * every run, whatever the order of arrival. The parts are hashed by SHA-256 into the state of sfc32 (Doty-Humphrey's
 * PractRand).
 */
export function seededRandom(...parts: (string | number)[]): () => number {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  let a = hash.readUInt32LE(0);
  let b = hash.readUInt32LE(4);
  let c = hash.readUInt32LE(8);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** Returns the numbers 0 … count − 1 in random order (Fisher–Yates). */
export function shuffledOrder(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
