import { grown } from '../format/segmentWriter.js';
import { WordScanner } from './standardTokenizer.js';

/** No term comes of the word. */
const NONE = 0xffffffff;
/** What a known word takes besides its letters. */
const BYTES_PER_WORD = 40;

/**
 * Turns texts into numbers of terms without making a string of every word: words of ASCII letters are found in a hash table by
 * their characters, with open addressing; the others in a Map.
 */
export class WordNumbers {
  /** The terms of the text analyzed last, in its order. */
  terms = new Uint32Array(1024);
  /** By slot of the hash table: a word's place among the words, and 1 more; 0 for none. */
  #slots = new Uint32Array(2 ** 14);
  #hashes = new Uint32Array(2 ** 13);
  #numbers = new Uint32Array(2 ** 13);
  /** Where the letters of each word end, and those of the next begin. */
  #ends = new Uint32Array(2 ** 13);
  #letters = new Uint8Array(2 ** 16);
  #words = 0;
  readonly #others = new Map<string, number>();
  #otherBytes = 0;

  /** `termOf` gives the term of a word, '' for none; `numberOf` the number of a term. */
  constructor(
    private readonly termOf: (word: string) => string,
    private readonly numberOf: (term: string) => number,
  ) {}

  get bytes(): number {
    return this.#words * BYTES_PER_WORD + this.#letters.length + this.#otherBytes;
  }

  /** Fills `terms`; returns how many there are. */
  analyze(text: string): number {
    const words = new WordScanner(text);
    let { terms } = this;
    let count = 0;
    while (words.next()) {
      const { start, end, hash } = words;
      const number = hash === 0 ? this.#other(text.slice(start, end)) : this.#find(text, start, end, hash);
      if (number === NONE) continue;
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
      if (this.#hashes[word] === hash && this.#isWord(word, text, start, end)) return this.#numbers[word] as number;
    }
  }

  #isWord(word: number, text: string, start: number, end: number): boolean {
    const letters = this.#letters;
    let at = word === 0 ? 0 : (this.#ends[word - 1] as number);
    if ((this.#ends[word] as number) - at !== end - start) return false;
    for (let place = start; place < end; place++) if (letters[at++] !== text.charCodeAt(place)) return false;
    return true;
  }

  #addWord(written: string, hash: number, slot: number): number {
    const word = this.#words++;
    if (word === this.#numbers.length) {
      this.#hashes = grown(this.#hashes);
      this.#numbers = grown(this.#numbers);
      this.#ends = grown(this.#ends);
    }
    const number = this.#numberOf(written);
    const start = word === 0 ? 0 : (this.#ends[word - 1] as number);
    const end = start + written.length;
    if (end > this.#letters.length) {
      const larger = new Uint8Array(this.#letters.length * 2);
      larger.set(this.#letters);
      this.#letters = larger;
    }
    for (let at = 0; at < written.length; at++) this.#letters[start + at] = written.charCodeAt(at);
    this.#hashes[word] = hash;
    this.#numbers[word] = number;
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
    const number = this.#numberOf(word);
    this.#others.set(word, number);
    this.#otherBytes += BYTES_PER_WORD + 40 + 2 * word.length;
    return number;
  }

  #numberOf(word: string): number {
    const term = this.termOf(word);
    return term === '' ? NONE : this.numberOf(term);
  }
}
