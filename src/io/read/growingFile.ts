import { type FileHandle, open, stat } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import { LineSplitter } from '../parse/lineSplitter.js';
import { codeOf, directoryError, inputError, messageOf } from '../systemErrors.js';

/** A read of the file, and the longest run of lines that is parsed at once. */
const SCAN_BYTES = 1024 * 1024;
/** A longer line is not checked for being blank. */
const MAX_BLANK_BYTES = 1024;
const OFFSETS_PER_BLOCK = 65_536;

/** A line of the file: its value, or why it is not JSON. */
export type FileLine = { value: unknown } | { problem: string; text: string };

export interface GrowingFileState {
  /** The lines found so far, without blank ones. */
  records: number;
  bytesRead: number;
  bytes: number;
  /** True if it is the `.partial` of a run. */
  partial: boolean;
  /** Grows when another file replaces the one that was read. */
  generation: number;
}

/**
 * A JSONL file, of any size, that is read at any line and may still be growing. `follow` reads what is new and keeps the
 * offset of each line (8 bytes a line). While a run writes, the `.partial` beside the path is read; when that becomes the
 * file itself, reading continues where it was.
 */
export class GrowingFile {
  readonly path: string;
  readonly #maxLineBytes: number;
  #handle: FileHandle | undefined;
  #inode = 0;
  #offsets = new LineOffsets();
  /** The end of the last whole line, and whether the text after it is a record already. */
  #end = 0;
  #isTailRecord = false;
  #bytes = 0;
  #partial = false;
  #generation = 0;
  #following: Promise<void> | undefined;

  constructor(path: string, maxLineBytes = 64 * 1024 * 1024) {
    this.path = path;
    this.#maxLineBytes = maxLineBytes;
  }

  get state(): GrowingFileState {
    const records = this.#offsets.count + Number(this.#isTailRecord);
    const bytesRead = this.#isTailRecord ? this.#bytes : this.#end;
    return { records, bytesRead, bytes: this.#bytes, partial: this.#partial, generation: this.#generation };
  }

  /**
   * Reads to the end of the file as it is now. Simultaneous calls share one reading. Throws InputError if neither the file
   * nor its `.partial` can be read.
   */
  follow(signal?: AbortSignal): Promise<void> {
    this.#following ??= this.#readOn(signal).finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  /** Reads up to `count` of the lines found so far, beginning at line `from` (from 0). */
  async *lines(from: number, count = Number.POSITIVE_INFINITY): AsyncGenerator<FileLine> {
    const { generation } = this.state;
    const end = Math.min(from + count, this.state.records);
    for (let line = from; line < end; ) {
      const until = this.#lastLineWithin(line, end);
      const bytes = await this.#read(this.#startOf(line), this.#startOf(until));
      if (generation !== this.#generation) return;
      for (const start = this.#startOf(line); line < until; line++) {
        yield parseLine(bytes.subarray(this.#startOf(line) - start, this.#startOf(line + 1) - start));
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #readOn(signal: AbortSignal | undefined): Promise<void> {
    const handle = await this.#openNewest();
    this.#bytes = (await handle.stat()).size;
    const lines = new LineSplitter({ maxLineBytes: MAX_BLANK_BYTES, offset: this.#end });
    let position = this.#end;
    while (position < this.#bytes && !signal?.aborted) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(SCAN_BYTES), 0, SCAN_BYTES, position);
      if (bytesRead === 0) break;
      lines.push(buffer.subarray(0, bytesRead));
      while (lines.next()) this.#addLine(lines);
      position += bytesRead;
    }
    const isAll = position >= this.#bytes && this.#bytes - this.#end <= this.#maxLineBytes;
    const rest = isAll ? await this.#read(this.#end, this.#bytes) : Buffer.alloc(0);
    this.#isTailRecord = !isBlank(rest) && 'value' in parseLine(rest);
  }

  /** A blank line is not a record: it is added to the line before, whose JSON white space does not change. */
  #addLine({ line, offset, length }: LineSplitter): void {
    if (length > MAX_BLANK_BYTES || !isBlank(line)) this.#offsets.push(this.#end);
    this.#end = offset + length + 1;
  }

  /** Opens the file that the path means now, unless it is open. */
  async #openNewest(): Promise<FileHandle> {
    const partial = `${this.path}.partial`;
    const found = (await inodeAt(partial)) ?? (await inodeAt(this.path));
    if (found === undefined && this.#handle !== undefined) return this.#handle;
    if (found === undefined) throw new InputError('no such file', { path: this.path, hint: 'check the path' });
    this.#partial = found.path === partial;
    if (this.#handle !== undefined && found.inode === this.#inode && found.size >= this.#end) return this.#handle;
    const handle = await open(found.path, 'r').catch((error: unknown) => {
      throw inputError(error, found.path);
    });
    if (this.#handle !== undefined) this.#generation += 1;
    await this.#handle?.close();
    this.#handle = handle;
    this.#inode = found.inode;
    this.#offsets = new LineOffsets();
    this.#end = 0;
    this.#isTailRecord = false;
    return handle;
  }

  /** Returns the end of the run of lines, beginning at `from`, that is read at once; at least one line. */
  #lastLineWithin(from: number, end: number): number {
    let until = from + 1;
    while (until < end && this.#startOf(until + 1) - this.#startOf(from) <= SCAN_BYTES) until++;
    return until;
  }

  #startOf(line: number): number {
    if (line < this.#offsets.count) return this.#offsets.at(line);
    return line === this.#offsets.count ? this.#end : this.#bytes;
  }

  async #read(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(end - start, Math.max(this.#maxLineBytes, SCAN_BYTES)));
    const { bytesRead = 0 } = (await this.#handle?.read(bytes, 0, bytes.length, start)) ?? {};
    return bytes.subarray(0, bytesRead);
  }
}

/** The offsets of lines: 8 bytes a line, in blocks, so that growing copies nothing. */
class LineOffsets {
  count = 0;
  readonly #blocks: Float64Array[] = [];

  push(offset: number): void {
    const index = this.count % OFFSETS_PER_BLOCK;
    if (index === 0) this.#blocks.push(new Float64Array(OFFSETS_PER_BLOCK));
    (this.#blocks.at(-1) as Float64Array)[index] = offset;
    this.count += 1;
  }

  at(line: number): number {
    return (this.#blocks[Math.floor(line / OFFSETS_PER_BLOCK)] as Float64Array)[line % OFFSETS_PER_BLOCK] as number;
  }
}

async function inodeAt(path: string) {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw directoryError(path);
    const { ino, size } = found;
    return { path, inode: ino, size };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw inputError(error, path);
  }
}

function isBlank(line: Buffer): boolean {
  return line.length <= MAX_BLANK_BYTES && line.toString('latin1').trim() === '';
}

function parseLine(line: Buffer): FileLine {
  const text = line.toString().replace(/^\uFEFF/, '');
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `not JSON: ${messageOf(error)}`, text: text.slice(0, 2048) };
  }
}
