import { grown } from '../format/segmentWriter.js';
import { StandardTokenizer } from './standardTokenizer.js';

/** The id for a word that gives no term. */
const NO_TERM = 0xffffffff;
/** Memory for a known word without its letters. */
const BYTES_PER_WORD = 40;

/**
 * Turns texts into term ids without creating a string for every word: words of ASCII letters are found by their characters in a hash
 * table with open addressing, the others in a Map.
 */
export class TermIds {
  /** The term ids of the text analyzed last, in its order. */
  terms = new Uint32Array(1024);
  /** The index of a word plus 1, by slot of the hash table; 0 for an empty slot. */
  #slots = new Uint32Array(2 ** 14);
  #hashes = new Uint32Array(2 ** 13);
  #ids = new Uint32Array(2 ** 13);
  /** The end of the letters of each word, where those of the next begin. */
  #ends = new Uint32Array(2 ** 13);
  #letters = new Uint8Array(2 ** 16);
  #words = 0;
  readonly #others = new Map<string, number>();
  #otherBytes = 0;

  readonly #termOf: (word: string) => string;
  readonly #idOf: (term: string) => number;

  /** `termOf` returns the term of a word, '' for none; `idOf` returns the id of a term. */
  constructor(termOf: (word: string) => string, idOf: (term: string) => number) {
    this.#termOf = termOf;
    this.#idOf = idOf;
  }

  get bytes(): number {
    return this.#words * BYTES_PER_WORD + this.#letters.length + this.#otherBytes;
  }

  /** Fills `terms` and returns their number. */
  analyze(text: string): number {
    const words = new StandardTokenizer(text);
    let { terms } = this;
    let count = 0;
    while (words.next()) {
      const { start, end, hash } = words;
      const number = hash === 0 ? this.#other(text.slice(start, end)) : this.#find(text, start, end, hash);
      if (number === NO_TERM) continue;
      if (count === terms.length) {
        terms = grown(terms);
        this.terms = terms;
      }
      terms[count++] = number;
    }
    return count;
  }

  #find(text: string, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = (slots[slot] as number) - 1;
      if (word < 0) return this.#addWord(text.slice(start, end), hash, slot);
      if (this.#hashes[word] === hash && this.#isWord(word, text, start, end)) return this.#ids[word] as number;
    }
  }

  #isWord(word: number, text: string, start: number, end: number): boolean {
    const letters = this.#letters;
    let at = word === 0 ? 0 : (this.#ends[word - 1] as number);
    if ((this.#ends[word] as number) - at !== end - start) return false;
    for (let unit = start; unit < end; unit++) if (letters[at++] !== text.charCodeAt(unit)) return false;
    return true;
  }

  #addWord(written: string, hash: number, slot: number): number {
    const word = this.#words++;
    if (word === this.#ids.length) {
      this.#hashes = grown(this.#hashes);
      this.#ids = grown(this.#ids);
      this.#ends = grown(this.#ends);
    }
    const number = this.#termIdOf(written);
    const start = word === 0 ? 0 : (this.#ends[word - 1] as number);
    const end = start + written.length;
    if (end > this.#letters.length) {
      const larger = new Uint8Array(this.#letters.length * 2);
      larger.set(this.#letters);
      this.#letters = larger;
    }
    for (let at = 0; at < written.length; at++) this.#letters[start + at] = written.charCodeAt(at);
    this.#hashes[word] = hash;
    this.#ids[word] = number;
    this.#ends[word] = end;
    this.#slots[slot] = word + 1;
    if (this.#words * 2 > this.#slots.length) this.#growSlots();
    return number;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let word = 0; word < this.#words; word++) {
      let slot = (this.#hashes[word] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = word + 1;
    }
    this.#slots = slots;
  }

  #other(slice: string): number {
    const known = this.#others.get(slice);
    if (known !== undefined) return known;
    // A copy: a slice would keep the whole text it was cut from in memory.
    const word = Buffer.from(slice, 'utf16le').toString('utf16le');
    const number = this.#termIdOf(word);
    this.#others.set(word, number);
    this.#otherBytes += BYTES_PER_WORD + 40 + 2 * word.length;
    return number;
  }

  #termIdOf(word: string): number {
    const term = this.#termOf(word);
    return term === '' ? NO_TERM : this.#idOf(term);
  }
}
