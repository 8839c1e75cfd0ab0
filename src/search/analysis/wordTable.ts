import type { StandardTokenizer } from './standardTokenizer.js';

/** The numbers of a slot: the hash of a word, the offset of its units, their number (0 in an empty slot), and its id. */
const WORD_SLOT = 4;

/** The ids of words, found by their UTF-16 units in a hash table with open addressing. */
export class WordTable {
  #slots = new Uint32Array(2 ** 12 * WORD_SLOT);
  #words = 0;
  /** The units of all words, one after another. */
  #units = new Uint16Array(2 ** 14);
  #unitCount = 0;

  readonly #idOf: (word: string) => number;

  constructor(idOf: (word: string) => number) {
    this.#idOf = idOf;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#units.byteLength;
  }

  /** Returns the id of the tokenizer's word; `idOf` is asked once for each. */
  find(word: StandardTokenizer): number {
    const { units, start, end, hash } = word;
    const slots = this.#slots;
    const last = slots.length - WORD_SLOT;
    const length = end - start;
    for (let slot = firstSlot(hash) & last; ; slot = (slot + WORD_SLOT) & last) {
      const found = slots[slot + 2] as number;
      if (found === 0) return this.#add(word, slot);
      if (found !== length || slots[slot] !== hash >>> 0) continue;
      const own = this.#units;
      const offset = (slots[slot + 1] as number) - start;
      let at = start;
      while (at < end && own[offset + at] === units[at]) at++;
      if (at === end) return slots[slot + 3] as number;
    }
  }

  #add({ units, start, end, hash }: StandardTokenizer, slot: number): number {
    const word = units.subarray(start, end);
    const slots = this.#slots;
    if (this.#unitCount + word.length > this.#units.length) {
      const larger = new Uint16Array(this.#units.length * 2);
      larger.set(this.#units);
      this.#units = larger;
    }
    // A new string: a slice of the text would keep all of it in memory.
    const id = this.#idOf(String.fromCharCode(...word));
    slots.set([hash >>> 0, this.#unitCount, word.length, id], slot);
    this.#units.set(word, this.#unitCount);
    this.#unitCount += word.length;
    if (++this.#words * WORD_SLOT * 2 > slots.length) this.#growSlots();
    return id;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const last = slots.length - WORD_SLOT;
    for (let from = 0; from < this.#slots.length; from += WORD_SLOT) {
      if (this.#slots[from + 2] === 0) continue;
      let slot = firstSlot(this.#slots[from] as number) & last;
      while (slots[slot + 2] !== 0) slot = (slot + WORD_SLOT) & last;
      slots.set(this.#slots.subarray(from, from + WORD_SLOT), slot);
    }
    this.#slots = slots;
  }
}

/** Mixes the high bits of a hash into the low ones, which choose the slot. */
function firstSlot(hash: number): number {
  return (hash ^ (hash >>> 15)) << 2;
}
