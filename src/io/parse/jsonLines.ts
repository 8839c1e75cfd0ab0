import { isUtf8 } from 'node:buffer';
import { jsonFlaw } from '../../util/jsonFlaw.js';
import { messageOf } from '../systemErrors.js';
import { LineSplitter, NEWLINE } from './lineSplitter.js';
import { adviceFor } from './slips.js';
import { firstInvalidByte } from './utf8.js';

/** A line that is not JSON. */
export interface BadLine {
  reason: string;
  /** From 1; blank lines count. */
  line: number;
  /** Its first 2,048 characters; bytes that are not UTF-8 show as U+FFFD. */
  text: string;
}

/** The location of a line in the input, without its newline. */
export interface LinePlace {
  offset: number;
  bytes: number;
}

/** The records and bad lines of some bytes. */
export interface ParsedLines {
  records: unknown[];
  /** The location of each record, if asked for. */
  places?: LinePlace[] | undefined;
  /** Each with the number of this batch's records that came before it. */
  bad: { after: number; badLine: BadLine }[];
}

const OPEN_BRACE = 0x7b;
export const SHOWN_CHARS = 2048;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
export const SHOWN_BYTES = SHOWN_CHARS * 3 + 3;

/**
 * Parses each line of some bytes, whatever chunks they come in. A line is decoded alone: decoding a whole chunk and slicing
 * the string took twice the time, as JSON.parse is slow on a slice of a long string.
 */
export class JsonLines {
  readonly #maxLineBytes: number;
  readonly #withPlaces: boolean;
  readonly #lines: LineSplitter;
  #line: number;
  #parsed: ParsedLines;

  /** `line`: the number of lines before. */
  constructor(maxLineBytes: number, withPlaces = false, line = 0) {
    this.#maxLineBytes = maxLineBytes;
    this.#withPlaces = withPlaces;
    this.#lines = new LineSplitter({ maxLineBytes, keptBytes: SHOWN_BYTES });
    this.#line = line;
    this.#parsed = this.#nothing();
  }

  /** The number of finished lines. */
  get line(): number {
    return this.#line;
  }

  /** The number of bytes that wait for the end of their line. */
  get heldBytes(): number {
    return this.#lines.heldBytes;
  }

  push(bytes: Buffer): ParsedLines {
    const lines = this.#lines;
    const first = lines.heldBytes > 0 ? bytes.indexOf(NEWLINE) + 1 : 0;
    const isWellFormed = isUtf8(bytes.subarray(first, Math.max(first, bytes.lastIndexOf(NEWLINE))));
    lines.push(bytes);
    while (lines.next()) this.#parse(isWellFormed && lines.bytes === bytes);
    return this.#take();
  }

  /** Parses the last line, if it had no newline. */
  end(): ParsedLines {
    if (this.#lines.finish()) this.#parse(false, '; it is the last line and has no newline: the file may be cut off');
    return this.#take();
  }

  #parse(isWellFormed: boolean, remark = ''): void {
    const { bytes, start, end, offset, length } = this.#lines;
    this.#line++;
    if (length > this.#maxLineBytes) {
      this.#refuse(`longer than ${this.#maxLineBytes} bytes: raise maxLineBytes, or split the record`);
      return;
    }
    if (!isWellFormed && !isUtf8(bytes.subarray(start, end))) {
      this.#refuse(`${notUtf8(this.#lines.line)}${remark}`);
      return;
    }
    let text = bytes.toString('utf8', start, end);
    if (bytes[start] !== OPEN_BRACE) {
      if (text.startsWith('\uFEFF')) text = text.slice(1);
      if (text.trim() === '') return;
    }
    try {
      const record: unknown = JSON.parse(text);
      const flaw = jsonFlaw(record);
      if (flaw !== undefined) {
        this.#refuse(flaw);
        return;
      }
      this.#parsed.records.push(record);
      this.#parsed.places?.push({ offset, bytes: length });
    } catch (error) {
      this.#refuse(`not JSON: ${messageOf(error)}${guess(text)}${remark}`);
    }
  }

  /** Refuses the current line. */
  #refuse(reason: string): void {
    const text = this.#lines.line.toString('utf8', 0, SHOWN_BYTES).replace(/\r$/, '').slice(0, SHOWN_CHARS);
    this.#parsed.bad.push({ after: this.#parsed.records.length, badLine: { reason, line: this.#line, text } });
  }

  #take(): ParsedLines {
    const parsed = this.#parsed;
    this.#parsed = this.#nothing();
    return parsed;
  }

  #nothing(): ParsedLines {
    return { records: [], bad: [], ...(this.#withPlaces && { places: [] }) };
  }
}

/** Returns the reason for a line that is not UTF-8. */
export function notUtf8(line: Buffer): string {
  const offset = firstInvalidByte(line);
  const byte = line[offset]?.toString(16).toUpperCase().padStart(2, '0');
  return `not UTF-8: byte 0x${byte} at offset ${offset} of the line; convert the file with iconv`;
}

/** Guesses what else the file may be. */
function guess(line: string): string {
  const advice = adviceFor(line);
  if (advice !== undefined) return `; ${advice}`;
  if (line.trim() === '[') return '; a JSON array? Pass --input-format json';
  if (/\r(?!$)/.test(line)) return '; lines that end with a bare CR? Convert them to LF';
  return '';
}
