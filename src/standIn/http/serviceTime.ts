import { chance } from '../faults/chance.js';

/** A log-normal service time, in milliseconds: medianMs · exp(sigma · Z), with Z by Box and Muller (1958). */
export function serviceTime(medianMs: number, sigma: number, seed: number, key: string, callNumber: number): number {
  if (medianMs === 0 || sigma === 0) return medianMs;
  const radius = Math.sqrt(-2 * Math.log(1 - chance(seed, key, callNumber, 'radius')));
  return medianMs * Math.exp(sigma * radius * Math.cos(2 * Math.PI * chance(seed, key, callNumber, 'angle')));
}
