/** The numbers of a slot: the twelve bytes of a word, padded with zeros, as three integers, and its id. The first is 0 in an empty slot. */
const SHORT_SLOT = 4;
const MAX_BYTES = 12;

/** The ids of words of up to 12 ASCII letters and digits, found by their bytes in a hash table with open addressing. */
export class ShortWordTable {
  #slots = new Int32Array(2 ** 13 * SHORT_SLOT);
  #words = 0;

  readonly #idOf: (word: string) => number;

  /** `idOf` is asked once for each word. */
  constructor(idOf: (word: string) => number) {
    this.#idOf = idOf;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** Returns the id of the word with these bytes, four in each integer, the first in the low byte. */
  find(first: number, second: number, third: number): number {
    const slots = this.#slots;
    const last = slots.length - SHORT_SLOT;
    for (let slot = slotOf(first, second, third) & last; ; slot = (slot + SHORT_SLOT) & last) {
      const found = slots[slot] as number;
      if (found === first && slots[slot + 1] === second && slots[slot + 2] === third) {
        return (slots[slot + 3] as number) >>> 0;
      }
      if (found === 0) return this.#add(first, second, third, slot);
    }
  }

  #add(first: number, second: number, third: number, slot: number): number {
    const slots = this.#slots;
    const id = this.#idOf(shortWord([first, second, third]));
    slots[slot] = first;
    slots[slot + 1] = second;
    slots[slot + 2] = third;
    slots[slot + 3] = id;
    if (++this.#words * SHORT_SLOT * 2 > slots.length) this.#growSlots();
    return id;
  }

  #growSlots(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const last = slots.length - SHORT_SLOT;
    for (let from = 0; from < old.length; from += SHORT_SLOT) {
      if (old[from] === 0) continue;
      let slot = slotOf(old[from] as number, old[from + 1] as number, old[from + 2] as number) & last;
      while (slots[slot] !== 0) slot = (slot + SHORT_SLOT) & last;
      for (let at = 0; at < SHORT_SLOT; at++) slots[slot + at] = old[from + at] as number;
    }
    this.#slots = slots;
  }
}

const letters = Buffer.alloc(MAX_BYTES);

function shortWord(parts: readonly number[]): string {
  for (const [at, part] of parts.entries()) letters.writeInt32LE(part, at * 4);
  const end = letters.indexOf(0);
  return letters.toString('latin1', 0, end < 0 ? MAX_BYTES : end);
}

function slotOf(first: number, second: number, third: number): number {
  const hash = Math.imul(first ^ Math.imul(second, 0x9e3779b1) ^ Math.imul(third, 0x85ebca6b), 0xc2b2ae35);
  return (hash ^ (hash >>> 15)) << 2;
}
