import { CharClass as C, charClass, emojiLength } from './wordBreak.js';

/** Lucene's maximum token length, in UTF-16 units: the scanner never sees more of the text at once. */
const WINDOW = 255;
const ZERO_WIDTH_JOINER = 0x200d;

/** G. Fowler, L. C. Noll, K.-P. Vo, "The FNV Non-Cryptographic Hash Algorithm". */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => charClass(code) & 0xff);
const WORD_CHAR = C.letter | C.numeric | C.katakana | C.extendNumLet;

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
  /** The word found last is `text.slice(start, end)`. */
  start = 0;
  end = 0;
  /** The hash of the current word if it has only ASCII letters: 32 bits (FNV-1a), never 0. Else 0. */
  hash = 0;

  readonly #text: string;
  /** The end of the underscores read last: those of a long run are read once, and not again from each of them. */
  #underscoresEnd = 0;
  /** The index after the zero width joiners read last, or of the last one if the window ended among them. */
  #joinersEnd = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next word; false if there is none. */
  next(): boolean {
    const text = this.#text;
    for (let at = this.end; at < text.length; ) {
      const code = text.charCodeAt(at);
      if (code < 128) {
        const classes = asciiClasses[code] as number;
        if ((classes & WORD_CHAR) === 0 && !(code === 35 || code === 42)) {
          at++;
          continue;
        }
        const end = (classes & C.letter) === 0 ? 0 : this.#asciiWordEnd(at);
        if (end > 0) return this.#found(at, end);
      }
      this.hash = 0;
      const end = this.#longestEnd(at);
      if (end > at) return this.#found(at, end);
      at += charLength(text, at, text.length);
    }
    this.end = text.length;
    return false;
  }

  #found(start: number, end: number): true {
    this.start = start;
    this.end = end;
    return true;
  }

  /** Returns the end of a word of ASCII letters alone, or 0 if it takes a closer look. */
  #asciiWordEnd(start: number): number {
    const text = this.#text;
    // A longer run is cut by #longestEnd: reading on to its end for each piece would take quadratic time.
    const length = Math.min(text.length, start + WINDOW + 1);
    let end = start + 1;
    let code = 0;
    let hash = Math.imul(FNV_BASIS ^ text.charCodeAt(start), FNV_PRIME);
    for (; end < length; end++) {
      code = text.charCodeAt(end);
      if (code >= 128) return 0;
      if (((asciiClasses[code] as number) & C.letter) === 0) break;
      hash = Math.imul(hash ^ code, FNV_PRIME);
    }
    this.hash = ((hash ^ (hash >>> 15)) | 1) >>> 0;
    if (end - start > WINDOW) return 0;
    if (end >= text.length) return end;
    const classes = asciiClasses[code] as number;
    if ((classes & (C.numeric | C.extendNumLet)) !== 0) return 0;
    if ((classes & C.midLetter) === 0 || end + 1 === text.length) return end;
    const after = text.charCodeAt(end + 1);
    return after < 128 && ((asciiClasses[after] as number) & C.letter) === 0 ? end : 0;
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
