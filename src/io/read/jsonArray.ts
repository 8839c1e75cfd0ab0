import { isUtf8 } from 'node:buffer';
import { getManyValues, isMany, none } from 'stream-chain/core';
import { jsonParser } from 'stream-json/core/parser.js';
import { streamArray } from 'stream-json/core/streamers/stream-array.js';
import { messageOf } from '../systemErrors.js';
import { wholeCharacters } from './utf8.js';

const closeBrace = 0x7d;
const newline = 0x0a;
const heldCap = 1024 * 1024;

/** Why an array cannot be read further. */
export class ArrayDamage extends Error {
  constructor(
    readonly reason: string,
    /** Where the text that could not be parsed starts: the damage is in this line or below. */
    readonly line: number,
    readonly hint: string,
  ) {
    super(reason);
  }
}

/**
 * Parses one top-level JSON array, whatever chunks its bytes come in. The parser is fed up to each `}` in turn, because
 * it drops what it made of a text in which it finds an error: so no whole record before a damage is lost.
 */
export class JsonArray {
  private readonly tokenize = jsonParser({ streamValues: false });
  private readonly collect = streamArray();
  private held: Buffer[] = [];
  private heldBytes = 0;
  private line = 1;
  private started = false;

  /** Appends the elements that became complete to `records`, also those before a damage. */
  push(bytes: Buffer, records: unknown[]): void {
    let start = 0;
    for (let brace = bytes.indexOf(closeBrace); brace !== -1; brace = bytes.indexOf(closeBrace, start)) {
      this.hold(bytes.subarray(start, brace + 1));
      this.feed(this.takeHeld(), records);
      start = brace + 1;
    }
    this.hold(bytes.subarray(start));
    if (this.heldBytes < heldCap) return;
    const text = this.takeHeld();
    const whole = wholeCharacters(text);
    this.hold(text.subarray(whole));
    this.feed(text.subarray(0, whole), records);
  }

  end(records: unknown[]): void {
    this.feed(this.takeHeld(), records);
    if (!this.started)
      throw new ArrayDamage('is empty: there is no JSON array in it', 1, 'An empty array is written [].');
    try {
      this.emit(this.tokenize(none as unknown as string), records);
    } catch {
      throw new ArrayDamage(
        'ends before its array is closed',
        this.line,
        'The file is cut off: fetch or write it again.',
      );
    }
  }

  private feed(bytes: Buffer, records: unknown[]): void {
    if (!isUtf8(bytes)) {
      throw new ArrayDamage('not UTF-8', this.line, 'Convert the file with iconv.');
    }
    const text = this.started ? bytes.toString() : this.startOf(bytes.toString());
    try {
      this.emit(this.tokenize(text), records);
    } catch (error) {
      const what = messageOf(error).replace(/^Parser (cannot parse input: |has )/, '');
      const [blank = ''] = /^[\s,]*/.exec(text) ?? [];
      throw new ArrayDamage(
        `not JSON: ${what}`,
        this.line + blank.split('\n').length - 1,
        'Mend the array, or write one record a line in a .jsonl file.',
      );
    }
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) this.line++;
  }

  private startOf(text: string): string {
    const start = text.replace(/^\uFEFF/, '').trimStart();
    if (start === '') return text.replace(/^\uFEFF/, '');
    this.started = true;
    if (start.startsWith('[')) return start;
    const what = start.startsWith('{') ? 'holds a JSON object, not an array' : 'holds no JSON array';
    throw new ArrayDamage(what, 1, 'Put the records in [ ], or one a line in a .jsonl file.');
  }

  private emit(tokens: ReturnType<typeof this.tokenize>, records: unknown[]): void {
    if (!isMany(tokens)) return;
    for (const token of getManyValues(tokens)) {
      const item = this.collect(token);
      if (item !== none) records.push((item as { value: unknown }).value);
    }
  }

  private hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  private takeHeld(): Buffer {
    const bytes = this.held.length === 1 && this.held[0] ? this.held[0] : Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return bytes;
  }
}
