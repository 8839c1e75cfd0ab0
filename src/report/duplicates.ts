import { Shingles } from '../util/shingles.js';

const ways = 8;

/**
 * Tells whether a hash came before, in a table of fixed size: sets of 8 places, of which a new hash takes the next in turn
 * where all are taken. Of up to a million hashes (the default is 2 million places) it forgets about 1 in 1,000.
 */
export class SeenHashes {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  #turn = 0;

  constructor(private readonly places = 2 ** 21) {
    this.#high = new Uint32Array(places);
    this.#low = new Uint32Array(places);
  }

  /** Adds a hash of two parts, `high` not 0; true where it was there. */
  add(high: number, low: number): boolean {
    const set = (Math.imul(low, 0x9e3779b1) >>> 0) % (this.places / ways);
    let free = set * ways + (this.#turn++ % ways);
    for (let at = set * ways; at < (set + 1) * ways; at++) {
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

const bands = 10;
const rows = 3;
const minima = bands * rows;

/**
 * Finds earlier texts that resemble a text, among the last `window` of them: MinHash (Broder 1997) of 3-word shingles, 30
 * minima in 10 bands (Leskovec et al., "Mining of Massive Datasets", ch. 3), of which the low byte is kept (Li & König,
 * "b-bit minwise hashing", 2010). Memory is fixed: 70 bytes a text of the window.
 */
export class NearDuplicateWindow {
  readonly #signatures: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #tables: Uint32Array;
  readonly #minima = new Uint32Array(minima);
  #added = 0;

  constructor(
    private readonly threshold = 0.7,
    private readonly window = 2 ** 18,
  ) {
    this.#signatures = new Uint8Array(window * minima);
    this.#numbers = new Float64Array(window);
    this.#tables = new Uint32Array(window * bands);
  }

  /** The number of an earlier text that resembles this one in at least the share `threshold` of its shingles; then adds it. */
  add(text: string, number: number): number | undefined {
    if (!this.#sign(text)) return undefined;
    let found: number | undefined;
    const place = this.#added % this.window;
    for (let band = 0; band < bands; band++) {
      const slot = band * this.window + (this.#bandHash(band) % this.window);
      const candidate = (this.#tables[slot] as number) - 1;
      if (found === undefined && candidate >= 0 && this.#resembles(candidate)) found = this.#numbers[candidate];
      this.#tables[slot] = place + 1;
    }
    for (let at = 0; at < minima; at++) this.#signatures[place * minima + at] = (this.#minima[at] as number) & 0xff;
    this.#numbers[place] = number;
    this.#added += 1;
    return found;
  }

  #sign(text: string): boolean {
    this.#minima.fill(0xffffffff);
    let any = false;
    for (const walk = new Shingles(text); walk.next(); any = true) {
      for (let at = 0; at < minima; at++) {
        const mixed = mix(walk.fingerprint ^ Math.imul(at + 1, 0x9e3779b1));
        if (mixed < (this.#minima[at] as number)) this.#minima[at] = mixed;
      }
    }
    return any;
  }

  #bandHash(band: number): number {
    let hash = band;
    for (let row = 0; row < rows; row++) hash = mix(hash ^ (this.#minima[band * rows + row] as number));
    return hash;
  }

  #resembles(place: number): boolean {
    let same = 0;
    for (let at = 0; at < minima; at++) {
      if (this.#signatures[place * minima + at] === ((this.#minima[at] as number) & 0xff)) same += 1;
    }
    return same >= this.threshold * minima;
  }
}

/** FNV-1a over UTF-16 units, mixed at the end. */
export function hash32(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
