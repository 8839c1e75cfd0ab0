/** Words in a shingle. */
const SHINGLE_WORDS = 3;

/** A character of a script that is written without spaces: each is a word by itself. */
const ALONE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const IN_WORD = /[\p{L}\p{M}\p{N}]/u;

const CharKind = { unknown: 0, between: 1, inWord: 2, alone: 3 } as const;

/** By code point, filled in at first use; a zeroed page that is never touched takes no memory. */
const kinds = new Uint8Array(0x110000);
const lowerCases = new Uint32Array(0x110000);

function learn(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const kind = ALONE.test(character) ? CharKind.alone : IN_WORD.test(character) ? CharKind.inWord : CharKind.between;
  kinds[codePoint] = kind;
  lowerCases[codePoint] = character.toLowerCase().codePointAt(0) as number;
  return kind;
}

/**
 * Iterates over the shingles of a text, each as a fingerprint of 32 bits: three successive words, ignoring case and the marks
 * between words; a text of fewer words is one shingle.
 */
export class Shingles {
  /** The fingerprint of the current shingle. */
  fingerprint = 0;
  #at = 0;
  #words = 0;
  #word = 0;
  #last = 0;
  #before = 0;

  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next shingle; returns false at the end. */
  next(): boolean {
    while (this.#nextWord()) {
      this.fingerprint = mixed(mixed(this.#before, this.#last), this.#word);
      this.#before = this.#last;
      this.#last = this.#word;
      if (++this.#words >= SHINGLE_WORDS) return true;
    }
    const isShort = this.#words > 0 && this.#words < SHINGLE_WORDS;
    this.#words = SHINGLE_WORDS;
    return isShort;
  }

  /** Hashes the next word in lower case, by FNV-1a. */
  #nextWord(): boolean {
    const text = this.#text;
    let hash = 0x811c9dc5;
    let inWord = false;
    while (this.#at < text.length) {
      const codePoint = text.codePointAt(this.#at) as number;
      const kind = kinds[codePoint] || learn(codePoint);
      if (inWord && kind !== CharKind.inWord) break;
      this.#at += codePoint > 0xffff ? 2 : 1;
      if (kind === CharKind.between) continue;
      hash = Math.imul(hash ^ (lowerCases[codePoint] as number), 0x01000193);
      inWord = true;
      if (kind === CharKind.alone) break;
    }
    this.#word = hash;
    return inWord;
  }
}

/** Hashes both in their order (the finalizer of MurmurHash3 after each). */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a, 31) + b;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
