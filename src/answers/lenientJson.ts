import { decodeString } from './escapes.js';

/** The kind of a fault in JSON that was read all the same. */
export type JsonRepair = 'backslashes' | 'quotes' | 'punctuation' | 'comments' | 'words';

export type JsonRead =
  /** `end` is the index behind the value. */
  | { ok: true; value: unknown; end: number; repairs: JsonRepair[] }
  /** `isCutOff`: the text ended before the value did. */
  | { ok: false; isCutOff: boolean };

export interface JsonReadOptions {
  /** Read JSON alone, and no faults of it; only backslashes are still read as they were meant. */
  strict: boolean;
  /** The work that may still be done, in characters looked at. It is counted down, over several reads. */
  budget: { left: number };
}

/**
 * Reads the JSON value that begins at an index of a text, with the faults that models make: quotation marks of other kinds, or
 * not escaped inside a string, commas left out or too many, comments, single backslashes, literals of Python. A string is
 * always a piece of the text, its escapes aside: no character of it is left out or changed. A string that does not end, and
 * one whose end is uncertain, cannot be read.
 */
export function readJsonAt(text: string, start: number, options: JsonReadOptions): JsonRead {
  options.budget.left -= COST_OF_START;
  const reader = new JsonReader(text, start, options);
  try {
    const value = reader.value();
    return { ok: true, value, end: reader.at, repairs: [...reader.repairs] };
  } catch (error) {
    if (error !== unreadable && error !== cutOff) throw error;
    return { ok: false, isCutOff: error === cutOff };
  }
}

/** Made once: a text may hold a million braces that open nothing. */
const unreadable = new Error('this is not JSON');
const cutOff = new Error('the text ends before its JSON does');

const COST_OF_START = 20;
const MAX_LEVELS = 32;
const MAX_KEY_LENGTH = 80;

/** The marks that can end a string, by the mark that opens it. */
const closers: Record<string, string> = {
  '"': '"”',
  "'": "'",
  '`': '`',
  '“': '”"',
  '”': '”"',
  '‘': '’',
  '「': '」',
  '『': '』',
  '＂': '＂',
};

/** The end of a value, and a key: a string that holds them has taken the next value for a part of itself. */
const SWALLOWED_KEY = /(["'”])\s*[,，]\s*["'“]\w{1,40}["'”]\s*[:：]/;

const literals: Record<string, unknown> = { true: true, false: false, null: null };
const foreignLiterals: Record<string, unknown> = { True: true, False: false, None: null, NaN: null, undefined: null };

class JsonReader {
  at: number;
  readonly repairs = new Set<JsonRepair>();
  readonly #text: string;
  readonly #strict: boolean;
  readonly #budget: { left: number };
  /** The brackets that are open. */
  readonly #open: ('{' | '[')[] = [];

  constructor(text: string, start: number, { strict, budget }: JsonReadOptions) {
    this.#text = text;
    this.at = start;
    this.#strict = strict;
    this.#budget = budget;
  }

  value(): unknown {
    this.#skip();
    const next = this.#peek();
    if (next === '{') return this.#object();
    if (next === '[') return this.#list();
    if (this.#isQuote(next)) return this.#string();
    return this.#literal();
  }

  #object(): unknown {
    this.#enter('{');
    const entries: [string, unknown][] = [];
    for (;;) {
      this.#separate('}', entries.length > 0);
      if (this.#peek() === '}') break;
      const key = this.#key();
      this.#skip();
      const colon = this.#peek();
      if (colon !== ':' && (this.#strict || colon !== '：')) throw unreadable;
      if (colon === '：') this.repairs.add('punctuation');
      this.at += 1;
      entries.push([key, this.value()]);
    }
    this.#leave();
    return Object.fromEntries(entries);
  }

  #list(): unknown {
    this.#enter('[');
    const items: unknown[] = [];
    for (;;) {
      this.#separate(']', items.length > 0);
      if (this.#peek() === ']') break;
      items.push(this.value());
    }
    this.#leave();
    return items;
  }

  #enter(bracket: '{' | '['): void {
    if (this.#open.length === MAX_LEVELS) throw unreadable;
    this.#open.push(bracket);
    this.at += 1;
  }

  #leave(): void {
    this.#open.pop();
    this.at += 1;
  }

  /** Moves to the next member, or to the closing bracket. */
  #separate(closing: string, isAfterMember: boolean): void {
    this.#skip();
    let commas = 0;
    while (isComma(this.#peek(), this.#strict)) {
      if (this.#peek() !== ',') this.repairs.add('punctuation');
      commas += 1;
      this.at += 1;
      this.#skip();
    }
    const isEnd = this.#peek() === closing;
    if (commas === (isAfterMember && !isEnd ? 1 : 0)) return;
    if (this.#strict || commas > 1) throw unreadable;
    this.repairs.add('punctuation');
  }

  #key(): string {
    if (this.#isQuote(this.#peek())) return this.#string(true);
    const word = this.#strict ? undefined : wordAt(this.#text, this.at);
    if (word === undefined) throw unreadable;
    this.repairs.add('quotes');
    this.at += word.length;
    return word;
  }

  #string(isKey = false): string {
    let text = this.#oneString(isKey);
    while (!this.#strict && !isKey) {
      const plus = this.#skipFrom(this.at);
      const next = this.#skipFrom(plus + 1);
      if (this.#text[plus] !== '+' || !this.#isQuote(this.#text[next])) return text;
      this.repairs.add('punctuation');
      this.at = next;
      const more = this.#oneString(false);
      // Two halves of a word would make one that the text does not hold.
      if (/[\p{L}\p{N}]$/u.test(text) && /^[\p{L}\p{N}]/u.test(more)) throw unreadable;
      text += more;
    }
    return text;
  }

  #oneString(isKey: boolean): string {
    const opening = this.#peek() as string;
    const triple = opening.repeat(3);
    if (!this.#strict && /["']/.test(opening) && this.#text.startsWith(triple, this.at))
      return this.#tripleQuoted(triple);
    const from = this.at + 1;
    const to = this.#strict ? this.#endOfStrictString(from) : this.#endOfString(opening, from, isKey);
    this.at = to + 1;
    if (opening !== '"' || this.#text[to] !== '"') this.repairs.add('quotes');
    return this.#decode(this.#text.slice(from, to));
  }

  #tripleQuoted(triple: string): string {
    const from = this.at + triple.length;
    const to = this.#text.indexOf(triple, from);
    if (to === -1) throw cutOff;
    this.#spend(to - from);
    this.at = to + triple.length;
    this.repairs.add('quotes');
    return this.#decode(this.#text.slice(from, to));
  }

  #decode(raw: string): string {
    if (!this.#strict && SWALLOWED_KEY.test(raw)) throw unreadable;
    const { text, isRepaired, isDamaged } = decodeString(raw);
    if (isDamaged) throw unreadable;
    if (isRepaired) this.repairs.add('backslashes');
    return text;
  }

  #endOfStrictString(from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      this.#spend(1);
      if (code === 0x22) return at;
      if (code < 0x20) throw unreadable;
      if (code !== 0x5c) continue;
      if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(this.#text.slice(at, at + 6))) throw unreadable;
      at += 1;
    }
    throw cutOff;
  }

  /**
   * Returns the index of the mark that ends a string. A mark ends it only if what follows continues the JSON; others are
   * quotation marks of the text. Those must be in pairs: otherwise the end is uncertain.
   */
  #endOfString(opening: string, from: number, isKey: boolean): number {
    const ends = closers[opening] as string;
    let straight = 0;
    let curly = 0;
    for (let at = from; at < this.#text.length; at++) {
      const char = this.#text.charAt(at);
      this.#spend(1);
      if (char === '\\') {
        at += 1;
      } else if (char === '\n' && isKey) {
        throw unreadable;
      } else if (ends.includes(char)) {
        const closesPair = char === '”' && curly > 0;
        if (!closesPair && (isKey ? this.#isColon(at + 1) : this.#endsValue(at + 1))) {
          if (straight % 2 !== 0 || curly !== 0) throw unreadable;
          if (straight > 0) this.repairs.add('quotes');
          return at;
        }
        if (char === '"') straight += 1;
        else if (char === '”') curly -= 1;
      } else if (char === '“') {
        curly += 1;
      }
      if (isKey && at - from > MAX_KEY_LENGTH) throw unreadable;
    }
    throw cutOff;
  }

  /** Returns true if what follows a quotation mark continues the JSON after a value. */
  #endsValue(from: number): boolean {
    let at = this.#skipFrom(from);
    let level = this.#open.length;
    if (this.#text[at] === '+') return this.#isQuote(this.#text[this.#skipFrom(at + 1)]);
    for (;;) {
      const char = this.#text[at];
      const inside = this.#open[level - 1];
      if (char === undefined || inside === undefined) return true;
      if (char === '}' || char === ']') {
        if ((char === '}') !== (inside === '{')) return false;
        level -= 1;
        at = this.#skipFrom(at + 1);
      } else if (isComma(char, false)) {
        const next = this.#skipFrom(at + 1);
        const closing = inside === '{' ? '}' : ']';
        return this.#text[next] === closing || (inside === '{' ? this.#isKeyAt(next) : this.#isValueAt(next));
      } else {
        return inside === '{' && this.#isKeyAt(at);
      }
    }
  }

  #isKeyAt(at: number): boolean {
    const opening = this.#text[at];
    if (!this.#isQuote(opening)) {
      const word = wordAt(this.#text, at);
      return word !== undefined && this.#isColon(at + word.length);
    }
    const ends = closers[opening as string] as string;
    for (let end = at + 1; end < this.#text.length && end <= at + MAX_KEY_LENGTH; end++) {
      if (ends.includes(this.#text.charAt(end))) {
        this.#spend(end - at);
        return this.#isColon(end + 1);
      }
    }
    return false;
  }

  #isValueAt(at: number): boolean {
    const char = this.#text[at];
    return char === '{' || char === '[' || this.#isQuote(char);
  }

  #isColon(from: number): boolean {
    return /[:：]/.test(this.#text[this.#skipFrom(from)] ?? '');
  }

  #literal(): unknown {
    const [token = ''] = /^(?:[A-Za-z]+|-?[\d.]+(?:[eE][+-]?\d+)?)/.exec(this.#text.slice(this.at, this.at + 40)) ?? [];
    if (token === '') throw this.at >= this.#text.length ? cutOff : unreadable;
    this.at += token.length;
    if (token in literals) return literals[token];
    if (!this.#strict && token in foreignLiterals) {
      this.repairs.add('words');
      return foreignLiterals[token];
    }
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token)) return Number(token);
    throw unreadable;
  }

  #peek(): string | undefined {
    return this.#text[this.at];
  }

  #isQuote(char: string | undefined): boolean {
    return char !== undefined && (this.#strict ? char === '"' : char in closers);
  }

  /** Moves to the next character that counts; there is always one before the JSON ends. */
  #skip(): void {
    this.at = this.#skipFrom(this.at, true);
    if (this.at >= this.#text.length) throw cutOff;
  }

  /** Returns the index of the next character that is not white space, a comment or emphasis of Markdown. */
  #skipFrom(from: number, notes = false): number {
    this.#spend(1);
    if (COUNTS.test(this.#text[from] ?? '')) return from;
    let at = from;
    for (;;) {
      const [skipped = ''] = runAt(this.#strict ? JSON_SPACE : NOISE, this.#text, at);
      at += skipped.length;
      this.#spend(skipped.length + 1);
      if (this.#strict) return at;
      const end = this.#endOfComment(at);
      if (end === at) return at;
      if (notes) this.repairs.add('comments');
      this.#spend(end - at);
      at = end;
    }
  }

  #endOfComment(at: number): number {
    const isBlock = this.#text.startsWith('/*', at);
    if (!isBlock && !this.#text.startsWith('//', at) && this.#text[at] !== '#') return at;
    const end = this.#text.indexOf(isBlock ? '*/' : '\n', at + 1);
    if (end !== -1) return isBlock ? end + 2 : end;
    this.#spend(this.#text.length - at);
    return isBlock ? at : this.#text.length;
  }

  #spend(work: number): void {
    this.#budget.left -= work;
    if (this.#budget.left < 0) throw unreadable;
  }
}

/** Characters that are never skipped. */
const COUNTS = /[\w"'{}[\]:,]/;
const JSON_SPACE = /[ \t\r\n]*/y;
const NOISE = /[\s*\u200b]*/y;

function runAt(pattern: RegExp, text: string, at: number): string[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

function isComma(char: string | undefined, strict: boolean): boolean {
  return char === ',' || (!strict && (char === '，' || char === '；' || char === ';'));
}

/** Returns the word at an index that may be a key without quotation marks. */
function wordAt(text: string, at: number): string | undefined {
  return /^[A-Za-z_][\w-]*/.exec(text.slice(at, at + MAX_KEY_LENGTH))?.[0];
}
