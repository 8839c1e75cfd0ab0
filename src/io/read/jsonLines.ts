import { isUtf8 } from 'node:buffer';
import { messageOf } from '../systemErrors.js';
import { firstInvalidByte } from './utf8.js';

/** A line that is no JSON. */
export interface BadLine {
  reason: string;
  /** From 1; blank lines count. */
  line: number;
  /** Its first 2,048 characters; bytes that are not UTF-8 show as U+FFFD. */
  text: string;
}

/** Where a line stands in the input, without its newline. */
export interface LinePlace {
  offset: number;
  bytes: number;
}

/** What some bytes held. */
export interface ParsedLines {
  records: unknown[];
  /** Of each record, where they were asked for. */
  places?: LinePlace[] | undefined;
  /** Each with the number of this batch's records that came before it. */
  bad: { after: number; badLine: BadLine }[];
}

const newline = 0x0a;
const openBrace = 0x7b;
const shownChars = 2048;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const shownBytes = shownChars * 3 + 3;

/**
 * Splits bytes at 0x0A and parses each line, whatever chunks the bytes come in. A line is decoded alone: decoding a
 * whole chunk and slicing the string took twice the time, as JSON.parse is slow on a slice of a long string.
 */
export class JsonLines {
  private parsed: ParsedLines;
  /** How many bytes came before those that are pushed. */
  private offset = 0;
  /** Where the bytes that are parsed begin. */
  private parsedAt = 0;
  /** The start of a line whose end has not come, or the shown part of one that is over the cap. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private heldAt = 0;

  /** `line`: how many lines come before. */
  constructor(
    private readonly maxLineBytes: number,
    private readonly withPlaces = false,
    private line = 0,
  ) {
    this.parsed = this.nothing();
  }

  /** How many lines are finished, and how many bytes wait for the end of theirs. */
  get place(): { line: number; heldBytes: number } {
    return { line: this.line, heldBytes: this.heldBytes };
  }

  push(bytes: Buffer): ParsedLines {
    const at = this.offset;
    this.offset += bytes.length;
    const last = bytes.lastIndexOf(newline);
    if (last === -1) {
      this.hold(bytes, at);
      return this.take();
    }
    let start = 0;
    if (this.heldBytes > 0) {
      start = bytes.indexOf(newline) + 1;
      this.hold(bytes.subarray(0, start - 1), at);
      this.finishHeld();
    }
    const wellFormed = isUtf8(bytes.subarray(start, last));
    this.parsedAt = at;
    while (start <= last) {
      const end = bytes.indexOf(newline, start);
      this.parse(bytes, start, end, wellFormed);
      start = end + 1;
    }
    this.hold(bytes.subarray(start), at + start);
    return this.take();
  }

  /** The last line, if it had no newline. */
  end(): ParsedLines {
    if (this.heldBytes > 0) this.finishHeld('; it is the last line and has no newline: the file may be cut off');
    return this.take();
  }

  private parse(bytes: Buffer, start: number, end: number, wellFormed: boolean, remark = ''): void {
    this.line++;
    if (end - start > this.maxLineBytes) {
      this.refuseLong(bytes.subarray(start, end));
      return;
    }
    if (!wellFormed && !isUtf8(bytes.subarray(start, end))) {
      const line = bytes.subarray(start, end);
      this.refuse(line, `${notUtf8(line)}${remark}`);
      return;
    }
    let text = bytes.toString('utf8', start, end);
    if (bytes[start] !== openBrace) {
      if (text.startsWith('\uFEFF')) text = text.slice(1);
      if (text.trim() === '') return;
    }
    try {
      this.parsed.records.push(JSON.parse(text));
      this.parsed.places?.push({ offset: this.parsedAt + start, bytes: end - start });
    } catch (error) {
      this.refuse(bytes.subarray(start, end), `not JSON: ${messageOf(error)}${guess(text)}${remark}`);
    }
  }

  private refuseLong(line: Buffer): void {
    this.refuse(line, `longer than ${this.maxLineBytes} bytes: raise maxLineBytes, or split the record`);
  }

  private refuse(line: Buffer, reason: string): void {
    const text = line.toString('utf8', 0, shownBytes).replace(/\r$/, '').slice(0, shownChars);
    this.parsed.bad.push({ after: this.parsed.records.length, badLine: { reason, line: this.line, text } });
  }

  private hold(bytes: Buffer, at: number): void {
    if (bytes.length === 0) return;
    if (this.heldBytes === 0) this.heldAt = at;
    this.heldBytes += bytes.length;
    if (this.heldBytes <= this.maxLineBytes) {
      this.held.push(bytes);
      return;
    }
    this.held.push(bytes);
    const have = Math.min(this.heldBytes, shownBytes);
    this.held = [Buffer.concat(this.held, have)];
  }

  private finishHeld(remark?: string): void {
    const line = this.held.length === 1 && this.held[0] ? this.held[0] : Buffer.concat(this.held);
    const isOver = this.heldBytes > this.maxLineBytes;
    this.held = [];
    this.heldBytes = 0;
    this.parsedAt = this.heldAt;
    if (!isOver) {
      this.parse(line, 0, line.length, false, remark);
      return;
    }
    this.line++;
    this.refuseLong(line);
  }

  private take(): ParsedLines {
    const parsed = this.parsed;
    this.parsed = this.nothing();
    return parsed;
  }

  private nothing(): ParsedLines {
    return { records: [], bad: [], ...(this.withPlaces && { places: [] }) };
  }
}

function notUtf8(line: Buffer): string {
  const offset = firstInvalidByte(line);
  const byte = line[offset]?.toString(16).toUpperCase().padStart(2, '0');
  return `not UTF-8: byte 0x${byte} at offset ${offset} of the line; convert the file with iconv`;
}

/** What the file may be instead. */
function guess(line: string): string {
  if (line.trim() === '[') return '; a JSON array? Name it .json';
  if (/\r(?!$)/.test(line)) return '; lines that end with a bare CR? Convert them to LF';
  return '';
}
