import { mix } from '../util/murmur.js';
import { Shingles } from '../util/shingles.js';

const WAYS = 8;

/**
 * Remembers hashes in a table of fixed size, with sets of 8 slots. In a full set a new hash replaces the slot that is next in
 * turn. With the default of 2 million slots it forgets about 1 in 1,000 of a million hashes.
 */
export class SeenHashes {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  #turn = 0;

  readonly #slots: number;

  constructor(slots = 2 ** 21) {
    this.#slots = slots;
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
  }

  /** Adds a hash of two parts, `high` not 0. Returns true if the hash was there. */
  add(high: number, low: number): boolean {
    const set = (Math.imul(low, 0x9e3779b1) >>> 0) % (this.#slots / WAYS);
    let free = set * WAYS + (this.#turn++ % WAYS);
    for (let at = set * WAYS; at < (set + 1) * WAYS; at++) {
      if (this.#high[at] === high && this.#low[at] === low) return true;
      if (this.#high[at] === 0) {
        free = at;
        break;
      }
    }
    this.#high[free] = high;
    this.#low[free] = low;
    return false;
  }
}

const BANDS = 10;
const ROWS_PER_BAND = 3;
const MINIMA = BANDS * ROWS_PER_BAND;

/**
 * Finds near duplicates among the last `window` texts: MinHash (Broder 1997) of 3-word shingles, 30 minima in 10 bands
 * (Leskovec et al., "Mining of Massive Datasets", ch. 3), of which the low byte is kept (Li & König, "b-bit minwise hashing",
 * 2010). Memory is fixed: 70 bytes for each text of the window.
 */
export class NearDuplicateWindow {
  readonly #signatures: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #tables: Uint32Array;
  readonly #minima = new Uint32Array(MINIMA);
  #added = 0;

  readonly #threshold: number;
  readonly #window: number;

  constructor(threshold = 0.7, window = 2 ** 18) {
    this.#threshold = threshold;
    this.#window = window;
    this.#signatures = new Uint8Array(window * MINIMA);
    this.#numbers = new Float64Array(window);
    this.#tables = new Uint32Array(window * BANDS);
  }

  /**
   * Returns the number of an earlier text that has at least the share `threshold` of its shingles in common with this one, if
   * there is one, and adds this one.
   */
  add(text: string, number: number): number | undefined {
    if (!this.#sign(text)) return undefined;
    let found: number | undefined;
    const place = this.#added % this.#window;
    for (let band = 0; band < BANDS; band++) {
      const slot = band * this.#window + (this.#bandHash(band) % this.#window);
      const candidate = (this.#tables[slot] as number) - 1;
      if (found === undefined && candidate >= 0 && this.#resembles(candidate)) found = this.#numbers[candidate];
      this.#tables[slot] = place + 1;
    }
    for (let at = 0; at < MINIMA; at++) this.#signatures[place * MINIMA + at] = (this.#minima[at] as number) & 0xff;
    this.#numbers[place] = number;
    this.#added += 1;
    return found;
  }

  #sign(text: string): boolean {
    this.#minima.fill(0xffffffff);
    let any = false;
    for (const walk = new Shingles(text); walk.next(); any = true) {
      for (let at = 0; at < MINIMA; at++) {
        const mixed = mix(walk.fingerprint ^ Math.imul(at + 1, 0x9e3779b1));
        if (mixed < (this.#minima[at] as number)) this.#minima[at] = mixed;
      }
    }
    return any;
  }

  #bandHash(band: number): number {
    let hash = band;
    for (let row = 0; row < ROWS_PER_BAND; row++)
      hash = mix(hash ^ (this.#minima[band * ROWS_PER_BAND + row] as number));
    return hash;
  }

  #resembles(place: number): boolean {
    let same = 0;
    for (let at = 0; at < MINIMA; at++) {
      if (this.#signatures[place * MINIMA + at] === ((this.#minima[at] as number) & 0xff)) same += 1;
    }
    return same >= this.#threshold * MINIMA;
  }
}

/** Hashes a text by FNV-1a over its UTF-16 units, mixed at the end. */
export function hash32(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}
