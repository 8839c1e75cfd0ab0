import { endianness } from 'node:os';
import { CharClass as C, charClass, emojiLength } from './wordBreak.js';

/** Lucene's maximum token length, in UTF-16 units: the scanner never sees more of the text at once. */
const WINDOW = 255;
const isBigEndian = endianness() === 'BE';
const ZERO_WIDTH_JOINER = 0x200d;

/** G. Fowler, L. C. Noll, K.-P. Vo, "The FNV Non-Cryptographic Hash Algorithm". */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => charClass(code) & 0xff);
const WORD_CHAR = C.letter | C.numeric | C.katakana | C.extendNumLet;
/** The classes of characters that may continue a word that they follow. */
const CONTINUES = WORD_CHAR | C.hebrew | C.ignorable | C.midLetter | C.midNumeric;

/** The states of a word while it is read; each names the classes that may follow. */
const follow = {
  start: C.letter | C.numeric | C.katakana,
  letter: C.letter | C.numeric | C.extendNumLet,
  numeric: C.letter | C.numeric | C.extendNumLet,
  katakana: C.katakana | C.extendNumLet,
  extendNumLet: WORD_CHAR,
  /** A Hebrew letter taken by the quotes before it, or a quote after one: it cannot carry a mid-letter mark. */
  closed: C.letter | C.numeric | C.extendNumLet,
  needsLetter: C.letter,
  needsNumeric: C.numeric,
  needsHebrew: C.hebrew,
} as const;

type State = keyof typeof follow;

/**
 * Finds the words of a text one after another, as Lucene 8's StandardTokenizer does: UAX #29 word breaks (longest match of
 * its grammar), emoji sequences, Han and Hiragana one character each, runs of South-East Asian scripts whole,
 * and nothing longer than 255 UTF-16 units.
 */
export class StandardTokenizer {
  /** The word found last is `units.subarray(start, end)`. */
  start = 0;
  end = 0;
  /** The hash of the word found last: 32 bits (FNV-1a over its units). */
  hash = 0;
  /** The UTF-16 units of the text, in an array that may be longer: reading them there costs a third of `charCodeAt`. */
  units = new Uint16Array(0);

  #text = '';
  /** The end of the underscores read last: those of a long run are read once, and not again from each of them. */
  #underscoresEnd = 0;
  /** The index after the zero width joiners read last, or of the last one if the window ended among them. */
  #joinersEnd = 0;

  constructor(text: string) {
    this.begin(text);
  }

  /** Starts at the beginning of another text. */
  begin(text: string): void {
    this.units = arrayFor(text.length, this.units, Uint16Array);
    const bytes = Buffer.from(this.units.buffer, 0, text.length * 2);
    bytes.write(text, 'utf16le');
    if (isBigEndian) bytes.swap16();
    this.#text = text;
    this.#underscoresEnd = 0;
    this.#joinersEnd = 0;
    this.end = 0;
  }

  /** The word found last. */
  get word(): string {
    return this.#text.slice(this.start, this.end);
  }

  /** Moves to the next word; false if there is none. */
  next(): boolean {
    const { units } = this;
    const { length } = this.#text;
    for (let at = this.end; at < length; ) {
      const code = units[at] as number;
      if (code < 128) {
        const classes = asciiClasses[code] as number;
        if ((classes & (C.letter | C.numeric)) !== 0) {
          const end = this.#asciiWordEnd(at, length);
          if (end > 0) return this.#found(at, end);
        } else if ((classes & C.extendNumLet) === 0 && !this.#mayBeKeycap(at)) {
          at++;
          continue;
        }
      } else if (!isSurrogate(code) && charClass(code) === 0) {
        at++;
        continue;
      }
      const end = this.#longestEnd(at);
      if (end > at) {
        this.hash = hashOfUnits(units, at, end);
        return this.#found(at, end);
      }
      at += charLength(this.#text, at, length);
    }
    this.end = length;
    return false;
  }

  #found(start: number, end: number): true {
    this.start = start;
    this.end = end;
    return true;
  }

  /** Returns true for the first sign of an emoji such as #️⃣, and maybe for others that are followed by a sign beyond ASCII. */
  #mayBeKeycap(at: number): boolean {
    const code = this.units[at];
    return (code === 35 || code === 42) && at + 1 < this.#text.length && (this.units[at + 1] as number) >= 128;
  }

  /** Finds the end of the word that begins with an ASCII letter or digit, and its hash; returns 0 if it takes a closer look. */
  #asciiWordEnd(start: number, length: number): number {
    const { units } = this;
    // A longer run is cut by #longestEnd: reading on to its end for each piece would take quadratic time.
    const limit = Math.min(length, start + WINDOW);
    let code = units[start] as number;
    let classes = asciiClasses[code] as number;
    let hash = FNV_BASIS;
    for (let at = start; ; ) {
      hash = Math.imul(hash ^ code, FNV_PRIME);
      if (++at === limit) {
        this.hash = hash;
        return limit === length ? at : 0;
      }
      code = units[at] as number;
      if (code >= 128) {
        this.hash = hash;
        return isSurrogate(code) || (charClass(code) & CONTINUES) !== 0 ? 0 : at;
      }
      const following = asciiClasses[code] as number;
      if ((following & WORD_CHAR) !== 0) {
        classes = following;
        continue;
      }
      const middle = (classes & C.letter) !== 0 ? C.midLetter : (classes & C.numeric) !== 0 ? C.midNumeric : 0;
      if ((following & middle) === 0 || at + 1 === length) {
        this.hash = hash;
        return at;
      }
      if (at + 1 === limit) return 0;
      const after = units[at + 1] as number;
      if (after >= 128) return 0;
      if (((asciiClasses[after] as number) & classes) === 0) {
        this.hash = hash;
        return at;
      }
      hash = Math.imul(hash ^ code, FNV_PRIME);
      code = after;
      at++;
    }
  }

  /** Returns the end of the longest token at `start` by any rule; `start` if none applies. */
  #longestEnd(start: number): number {
    const text = this.#text;
    const limit = windowEnd(text, start);
    const code = codePointAt(text, start, limit);
    const classes = charClass(code);
    const afterFirst = start + (code > 0xffff ? 2 : 1);
    let end = start;
    if ((classes & C.extendNumLet) !== 0) {
      this.#underscoresEnd = underscoresEnd(text, Math.max(start, this.#underscoresEnd), limit);
      const word = wordEnd(text, this.#underscoresEnd, limit);
      if (word > this.#underscoresEnd) end = word;
    } else if ((classes & WORD_CHAR) !== 0) end = wordEnd(text, start, limit);
    if ((classes & C.complex) !== 0) end = Math.max(end, complexEnd(text, start, limit));
    if ((classes & C.single) !== 0) end = Math.max(end, skipIgnorable(text, afterFirst, limit));
    if ((classes & C.emoji) !== 0) end = Math.max(end, start + this.#emojiLength(start, limit));
    return end;
  }

  /** Returns the length of the emoji sequence at `start`. What follows a run of joiners is tried once, and not from each of them. */
  #emojiLength(start: number, limit: number): number {
    const text = this.#text;
    if (text.charCodeAt(start) !== ZERO_WIDTH_JOINER) return emojiLength(text.slice(start, limit));
    let end = Math.max(start, this.#joinersEnd);
    if (text.charCodeAt(end) !== ZERO_WIDTH_JOINER) return 0;
    while (end < limit && text.charCodeAt(end) === ZERO_WIDTH_JOINER) end++;
    this.#joinersEnd = Math.min(end, limit - 1);
    return end === limit ? 0 : emojiLength(text.slice(start, limit));
  }
}

/** The longest array that is kept after a longer text. */
const MAX_KEPT = 2 ** 20;

/** Returns an array of at least `length`: the one that is kept, unless it is too short, or far too long since a long text. */
export function arrayFor<T extends Uint8Array | Uint16Array>(
  length: number,
  kept: T,
  Type: new (length: number) => T,
): T {
  return length <= kept.length && kept.length <= Math.max(length, MAX_KEPT) ? kept : new Type(length);
}

function isSurrogate(code: number): boolean {
  return (code & 0xf800) === 0xd800;
}

function hashOfUnits(units: Uint16Array, start: number, end: number): number {
  let hash = FNV_BASIS;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (units[at] as number), FNV_PRIME);
  return hash;
}

/** Skips the underscores that may lead a word. `from` is one of them, or where the window ended among them. */
function underscoresEnd(text: string, from: number, limit: number): number {
  let at = skipIgnorable(text, from, limit);
  while (at < limit) {
    const code = codePointAt(text, at, limit);
    if ((charClass(code) & C.extendNumLet) === 0) break;
    at = skipIgnorable(text, at + (code > 0xffff ? 2 : 1), limit);
  }
  return at;
}

/** Returns the end of the word that begins at `start` with a letter, a digit or Katakana; `start` if there is none. */
function wordEnd(text: string, start: number, limit: number): number {
  let state: State = 'start';
  let hebrew = false;
  let end = start;
  for (let at = start; at < limit; ) {
    const code = codePointAt(text, at, limit);
    const classes = charClass(code);
    const after = skipIgnorable(text, at + (code > 0xffff ? 2 : 1), limit);
    const afterHebrew = hebrew && state === 'letter';
    if ((classes & follow[state]) !== 0) {
      const closing: boolean = state === 'needsHebrew';
      end = after;
      state = closing ? 'closed' : stateAfter(classes);
    } else if (afterHebrew && code === 0x27) {
      end = after;
      state = 'closed';
    } else if (afterHebrew && code === 0x22) state = 'needsHebrew';
    else if (state === 'letter' && (classes & C.midLetter) !== 0) state = 'needsLetter';
    else if (state === 'numeric' && (classes & C.midNumeric) !== 0) state = 'needsNumeric';
    else break;
    hebrew = (classes & C.hebrew) !== 0;
    at = after;
  }
  return end;
}

function stateAfter(classes: number): State {
  if ((classes & C.letter) !== 0) return 'letter';
  if ((classes & C.numeric) !== 0) return 'numeric';
  return (classes & C.katakana) !== 0 ? 'katakana' : 'extendNumLet';
}

function complexEnd(text: string, start: number, limit: number): number {
  let at = start;
  while (at < limit) {
    const code = codePointAt(text, at, limit);
    if ((charClass(code) & C.complex) === 0) break;
    at = skipIgnorable(text, at + (code > 0xffff ? 2 : 1), limit);
  }
  return at;
}

function skipIgnorable(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit) {
    const code = codePointAt(text, at, limit);
    if ((charClass(code) & C.ignorable) === 0) break;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

/** The scanner's view ends 255 units on, and never between the halves of a surrogate pair. */
function windowEnd(text: string, start: number): number {
  const end = start + WINDOW;
  if (end >= text.length) return text.length;
  return charLength(text, end - 1, text.length) === 2 ? end - 1 : end;
}

function codePointAt(text: string, at: number, limit: number): number {
  const high = text.charCodeAt(at);
  if (high < 0xd800 || high > 0xdbff || at + 1 >= limit) return high;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff ? (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000 : high;
}

function charLength(text: string, at: number, limit: number): number {
  return codePointAt(text, at, limit) > 0xffff ? 2 : 1;
}
