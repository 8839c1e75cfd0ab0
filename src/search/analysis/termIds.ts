import { grown } from '../format/segmentWriter.js';
import { ShortWordTable } from './shortWordTable.js';
import { arrayFor, StandardTokenizer } from './standardTokenizer.js';
import { CharClass as C, charClass } from './wordBreak.js';
import { WordTable } from './wordTable.js';

/** The id for a word that gives no term. */
const NO_TERM = 0xffffffff;
/** Zeros behind the text, which end its last word and let twelve bytes be read from its last one on. */
const PADDING = 16;

/** The kinds of characters: a letter or digit of ASCII, one that is never part of a word, and one that takes a closer look. */
const [LETTER_OR_DIGIT, BREAK, OTHER] = [1, 2, 3];
const charKinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const classes = code < 128 ? charClass(code) : C.ignorable;
  if ((classes & (C.letter | C.numeric)) !== 0) return LETTER_OR_DIGIT;
  return (classes & (C.extendNumLet | C.ignorable | C.emoji)) === 0 ? BREAK : OTHER;
});
/** 1 for a character that may join the letters or digits on both sides of it: . : ' , ; */
const joinsWords = Uint8Array.from({ length: 256 }, (_, code) =>
  code < 128 && (charClass(code) & (C.midLetter | C.midNumeric)) !== 0 ? 1 : 0,
);
const textEncoder = new TextEncoder();

/**
 * Turns texts into term ids without creating a string for every word. The text is read as bytes, four at a time: words of up to 12
 * ASCII letters and digits, nearly all, are found by these. StandardTokenizer reads the others.
 */
export class TermIds {
  /** The term ids of the text analyzed last, in its order. */
  terms = new Uint32Array(1024);
  /** A byte for each UTF-16 unit of the text: itself, or 128 if it is beyond ASCII. */
  #bytes = new Uint8Array(PADDING);
  #view = new DataView(this.#bytes.buffer);
  readonly #tokenizer = new StandardTokenizer('');
  readonly #shortWords: ShortWordTable;
  readonly #words: WordTable;

  /** `termOf` returns the term of a word, '' for none; `idOf` returns the id of a term. */
  constructor(termOf: (word: string) => string, idOf: (term: string) => number) {
    const idOfWord = (word: string) => {
      const term = termOf(word);
      return term === '' ? NO_TERM : idOf(term);
    };
    this.#shortWords = new ShortWordTable(idOfWord);
    this.#words = new WordTable(idOfWord);
  }

  /** The memory that the known words take. */
  get bytes(): number {
    return this.#shortWords.bytes + this.#words.bytes;
  }

  /** Fills `terms` and returns their number. */
  analyze(text: string): number {
    this.#load(text);
    const bytes = this.#bytes;
    const view = this.#view;
    const tokenizer = this.#tokenizer;
    let isBegun = false;
    let { terms } = this;
    let count = 0;
    for (let at = 0; at < text.length; ) {
      const kind = charKinds[bytes[at] as number];
      if (kind === BREAK) {
        at++;
        continue;
      }
      let end = at;
      let [first, second, third] = [0, 0, 0];
      if (kind === LETTER_OR_DIGIT) {
        first = view.getInt32(at, true);
        let size = wordBytes(first);
        end += size;
        if (size === 4) {
          second = view.getInt32(end, true);
          size = wordBytes(second);
          end += size;
          if (size === 4) {
            third = view.getInt32(end, true);
            size = wordBytes(third);
            third &= lowBytes(size);
            end += size;
          } else second &= lowBytes(size);
        } else first &= lowBytes(size);
      }
      const next = bytes[end] as number;
      const isWhole =
        end > at &&
        (charKinds[next] as number) === BREAK &&
        (joinsWords[next] === 0 || charKinds[bytes[end + 1] as number] === BREAK);
      let term: number;
      if (isWhole) term = this.#shortWords.find(first, second, third);
      else {
        if (!isBegun) tokenizer.begin(text);
        isBegun = true;
        tokenizer.end = at;
        if (!tokenizer.next()) break;
        term = this.#words.find(tokenizer);
        end = tokenizer.end;
      }
      at = end;
      if (term === NO_TERM) continue;
      if (count === terms.length) {
        terms = grown(terms);
        this.terms = terms;
      }
      terms[count++] = term;
    }
    return count;
  }

  #load(text: string): void {
    const { length } = text;
    const kept = this.#bytes;
    this.#bytes = arrayFor(length + PADDING, kept, Uint8Array);
    if (this.#bytes !== kept) this.#view = new DataView(this.#bytes.buffer);
    const bytes = this.#bytes;
    // A character beyond ASCII takes more bytes than units, so it does not fit.
    const isAscii = textEncoder.encodeInto(text, bytes.subarray(0, length)).read === length;
    if (!isAscii) for (let at = 0; at < length; at++) bytes[at] = Math.min(text.charCodeAt(at), 128);
    bytes.fill(0, length, length + PADDING);
  }
}

/** Returns how many of four bytes, the low one first, are letters or digits of ASCII before the first that is not. */
function wordBytes(four: number): number {
  const low = four & 0x7f7f7f7f;
  const lower = low | 0x20202020;
  // The high bit of each byte: set from a on, and from the character behind z on; likewise for digits.
  const letters = (lower + 0x1f1f1f1f) & ~(lower + 0x05050505);
  const digits = (low + 0x50505050) & ~(low + 0x46464646);
  const others = (~(letters | digits) | four) & 0x80808080;
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3;
}

/** A mask of the low bytes, `count` of them. */
function lowBytes(count: number): number {
  return count === 4 ? -1 : (1 << (count * 8)) - 1;
}
