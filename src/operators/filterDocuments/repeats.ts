import { mix } from '../../util/murmur.js';

/** Finds repeated phrases of a text, given by the hashes of its words: shorter phrases first. */
export class Repeats {
  readonly #hashes: readonly number[];
  /** The places at which a phrase of `#count` words may be repeated, in their order; at first all. */
  #places: Uint32Array;
  #count = 1;

  constructor(hashes: readonly number[]) {
    this.#hashes = hashes;
    this.#places = new Uint32Array(hashes.length);
    for (let at = 0; at < hashes.length; at++) this.#places[at] = at;
  }

  /** Returns the most frequent phrase of `count` words, at the place where it got ahead; undefined if each is there once. */
  topPhrase(count: number): { at: number; times: number } | undefined {
    this.#narrow(count);
    const places = this.#places;
    const phrases = new PhraseCounts(places.length);
    const slots = new Uint32Array(places.length);
    let [top, most] = [0, 1];
    for (let index = 0; index < places.length; index++) {
      const at = places[index] as number;
      const slot = phrases.add(phraseHash(this.#hashes, at, count));
      slots[index] = slot;
      if (phrases.timesAt(slot) > most) [top, most] = [at, phrases.timesAt(slot)];
    }
    this.#keep((index) => phrases.timesAt(slots[index] as number) > 1);
    return most === 1 ? undefined : { at: top, times: most };
  }

  /** Returns the places of the phrases of `count` words that were there before; they do not overlap. */
  again(count: number): number[] {
    this.#narrow(count);
    const phrases = new PhraseCounts(this.#places.length);
    const found: number[] = [];
    let next = 0;
    for (const at of this.#places) {
      if (at < next) continue;
      if (phrases.timesAt(phrases.add(phraseHash(this.#hashes, at, count))) === 1) continue;
      found.push(at);
      next = at + count;
    }
    return found;
  }

  /** Keeps the places from which enough others follow without a gap for a longer phrase to be repeated. */
  #narrow(count: number): void {
    const places = this.#places;
    const more = count - this.#count;
    this.#count = count;
    this.#keep((index) => places[index + more] === (places[index] as number) + more);
  }

  #keep(isKept: (index: number) => boolean): void {
    const places = this.#places;
    const kept = new Uint32Array(places.length);
    let length = 0;
    for (let index = 0; index < places.length; index++) if (isKept(index)) kept[length++] = places[index] as number;
    this.#places = kept.subarray(0, length);
  }
}

function phraseHash(hashes: readonly number[], start: number, count: number): number {
  let hash = 0;
  for (let at = start; at < start + count; at++) hash = mix(Math.imul(hash, 31) + (hashes[at] as number));
  return hash;
}

/** Counts phrases by their hashes. */
class PhraseCounts {
  readonly #hashes: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * most + 1));
    this.#hashes = new Uint32Array(slots);
    this.#counts = new Uint32Array(slots);
  }

  /** Counts a phrase, and returns its slot. */
  add(hash: number): number {
    const mask = this.#hashes.length - 1;
    let slot = hash & mask;
    while ((this.#counts[slot] as number) > 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
    return slot;
  }

  timesAt(slot: number): number {
    return this.#counts[slot] as number;
  }
}
