import { isUtf8 } from 'node:buffer';
import { getManyValues, isMany, none } from 'stream-chain/core';
import { pick } from 'stream-json/core/filters/pick.js';
import { jsonParser } from 'stream-json/core/parser.js';
import { streamArray } from 'stream-json/core/streamers/stream-array.js';
import { jsonFlaw } from '../../util/jsonFlaw.js';
import { messageOf } from '../systemErrors.js';
import { NEWLINE } from './lineSplitter.js';
import { adviceFor } from './slips.js';
import { wholeCharacters } from './utf8.js';

const CLOSE_BRACE = 0x7d;
const BLANKS = Buffer.from(' \t\r\n,[');
const MAX_HELD_BYTES = 1024 * 1024;

/** The error of an array that cannot be read further. */
export class ArrayDamage extends Error {
  readonly reason: string;
  /** The line in which the text that could not be parsed starts: the damage is in this line or below. */
  readonly line: number;
  readonly hint: string;

  constructor(reason: string, line: number, hint: string) {
    super(reason);
    this.reason = reason;
    this.line = line;
    this.hint = hint;
  }
}

/**
 * Parses one top-level JSON array, whatever chunks its bytes come in. The parser gets the text up to each `}` in turn, because
 * it drops the results of a text in which it finds an error: this way no whole record before the damage is lost.
 */
export class JsonArray {
  readonly #tokenize = jsonParser({ streamValues: false });
  readonly #collect = streamArray();
  #held: Buffer[] = [];
  #heldBytes = 0;
  #line = 1;
  #started = false;
  /** The bytes of the element that is being read; unknown, and counted from 0, after one that ended within a piece. */
  #elementBytes = 0;

  readonly #maxElementBytes: number;
  /** Passes on the tokens of the array within the object that holds it, if one does. */
  readonly #select: ((token: unknown) => unknown) | undefined;

  /**
   * An element that is longer is not read to its end, and ends the reading. With `wrapper`, the text is an object that holds
   * the array under this key.
   */
  constructor(maxElementBytes = Number.POSITIVE_INFINITY, wrapper?: string) {
    this.#maxElementBytes = maxElementBytes;
    if (wrapper !== undefined) this.#select = pick({ filter: wrapper, once: true }) as (token: unknown) => unknown;
  }

  /** Appends the elements that became complete to `records`, including those before the damage. */
  push(bytes: Buffer, records: unknown[]): void {
    let start = 0;
    for (let brace = bytes.indexOf(CLOSE_BRACE); brace !== -1; brace = bytes.indexOf(CLOSE_BRACE, start)) {
      this.#hold(bytes.subarray(start, brace + 1));
      this.#feed(this.#takeHeld(), records);
      start = brace + 1;
    }
    this.#hold(bytes.subarray(start));
    if (this.#heldBytes < MAX_HELD_BYTES) return;
    const text = this.#takeHeld();
    const whole = wholeCharacters(text);
    this.#hold(text.subarray(whole));
    this.#feed(text.subarray(0, whole), records);
  }

  end(records: unknown[]): void {
    this.#feed(this.#takeHeld(), records);
    if (!this.#started) throw new ArrayDamage('is empty, and not a JSON array', 1, 'An empty array is written [].');
    try {
      this.#emit(this.#tokenize(none as unknown as string), records);
    } catch (error) {
      if (error instanceof ArrayDamage) throw error;
      throw new ArrayDamage(
        'ends before its array is closed',
        this.#line,
        'the file is cut off: download or write it again',
      );
    }
  }

  #feed(bytes: Buffer, records: unknown[]): void {
    if (!isUtf8(bytes)) {
      throw new ArrayDamage('not UTF-8', this.#line, 'Convert the file with iconv.');
    }
    const before = records.length;
    const text = this.#started ? bytes.toString() : this.#startOf(bytes.toString());
    try {
      this.#emit(this.#tokenize(text), records);
    } catch (error) {
      if (error instanceof ArrayDamage) throw error;
      const reason = messageOf(error).replace(/^Parser (cannot parse input: |has )/, '');
      const [blank = ''] = /^[\s,]*/.exec(text) ?? [];
      throw new ArrayDamage(
        `not JSON: ${reason}`,
        this.#line + blank.split('\n').length - 1,
        adviceForArray(text) ?? 'fix the array, or write one record a line in a .jsonl file',
      );
    }
    this.#refuseLong(bytes, records, before);
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) this.#line++;
  }

  /** Refuses an element that was not complete in `bytes` and is too long, or was and is the only one. */
  #refuseLong(bytes: Buffer, records: unknown[], before: number): void {
    const ended = records.length - before;
    if (this.#elementBytes === 0) this.#elementBytes -= blanksBefore(bytes);
    this.#elementBytes += bytes.length;
    if (ended <= 1 && this.#elementBytes > this.#maxElementBytes) {
      records.length = before;
      throw new ArrayDamage(
        `an element is longer than ${this.#maxElementBytes} bytes`,
        this.#line,
        'Raise maxLineBytes (--max-line-bytes), or split the element.',
      );
    }
    if (ended > 0) this.#elementBytes = 0;
  }

  #startOf(text: string): string {
    const start = text.replace(/^\uFEFF/, '').trimStart();
    if (start === '') return text.replace(/^\uFEFF/, '');
    this.#started = true;
    if (start.startsWith(this.#select === undefined ? '[' : '{')) return start;
    const reason = start.startsWith('{') ? 'is a JSON object, not an array' : 'is not a JSON array';
    throw new ArrayDamage(reason, 1, 'Put the records in [ ], or one a line in a .jsonl file.');
  }

  #emit(tokens: ReturnType<ReturnType<typeof jsonParser>>, records: unknown[]): void {
    if (!isMany(tokens)) return;
    for (const token of getManyValues(tokens)) {
      if (this.#select !== undefined) {
        if (!isMany(this.#select(token) as typeof none)) continue;
      }
      const item = this.#collect(token);
      if (item === none) continue;
      const { key, value } = item as { key: number; value: unknown };
      const flaw = jsonFlaw(value);
      if (flaw !== undefined) throw new ArrayDamage(`element ${key}: ${flaw}`, this.#line, 'fix the element');
      records.push(value);
    }
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #takeHeld(): Buffer {
    const bytes = this.#held.length === 1 && this.#held[0] ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }
}

/** Returns the number of bytes before an element: white space, the comma, the bracket of the array. */
function blanksBefore(bytes: Buffer): number {
  let count = 0;
  while (count < bytes.length && BLANKS.includes(bytes[count] as number)) count++;
  return count;
}

/** Returns how to fix a piece of an array that ends with an element or with the array. */
function adviceForArray(piece: string): string | undefined {
  if (/^\s*,\s*\]/.test(piece)) return 'remove the comma before the closing bracket';
  const advice = adviceFor(piece.replace(/^[\s,[]+/, ''));
  return advice === undefined ? undefined : `${advice[0]?.toUpperCase()}${advice.slice(1)}.`;
}
