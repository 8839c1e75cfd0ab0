import { WordWalk } from './words.js';

/** Words in a shingle. */
const SHINGLE_WORDS = 3;

/**
 * Iterates over the shingles of a text, each as a fingerprint of 32 bits: three successive words, ignoring case and the marks
 * between words; a text of fewer words is one shingle.
 */
export class Shingles {
  /** The fingerprint of the current shingle. */
  fingerprint = 0;
  #words = 0;
  #last = 0;
  #before = 0;

  readonly #walk: WordWalk;

  constructor(text: string) {
    this.#walk = new WordWalk(text);
  }

  /** Moves to the next shingle; returns false at the end. */
  next(): boolean {
    const walk = this.#walk;
    while (walk.next()) {
      this.fingerprint = mixed(mixed(this.#before, this.#last), walk.hash);
      this.#before = this.#last;
      this.#last = walk.hash;
      if (++this.#words >= SHINGLE_WORDS) return true;
    }
    const isShort = this.#words > 0 && this.#words < SHINGLE_WORDS;
    this.#words = SHINGLE_WORDS;
    return isShort;
  }
}

/** Hashes both in their order (the finalizer of MurmurHash3 after each). */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a, 31) + b;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
