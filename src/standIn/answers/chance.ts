/** A number in [0, 1) that depends on nothing but its arguments (FNV-1a, mixed by murmur3's finalizer). */
export function chance(...parts: (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of parts.join('\u0000')) {
    hash ^= char.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A log-normal service time, in milliseconds: medianMs · exp(sigma · Z), Z by Box and Muller. */
export function serviceTime(medianMs: number, sigma: number, seed: number, key: string, callNumber: number): number {
  if (medianMs === 0 || sigma === 0) return medianMs;
  const radius = Math.sqrt(-2 * Math.log(1 - chance(seed, key, callNumber, 'radius')));
  return medianMs * Math.exp(sigma * radius * Math.cos(2 * Math.PI * chance(seed, key, callNumber, 'angle')));
}
