import { type FileHandle, open, stat } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import { codeOf, inputError, messageOf } from '../systemErrors.js';
import { LineOffsets } from './lineOffsets.js';

const newline = 0x0a;
const chunkBytes = 1024 * 1024;

/** A line of the file: what it holds, or why it holds no JSON. */
export type FileLine = { value: unknown } | { problem: string; text: string };

export interface RecordFileState {
  /** Lines found so far; blank ones do not count. */
  records: number;
  bytesRead: number;
  bytes: number;
  /** True where it is the `.partial` of a run. */
  partial: boolean;
  /** Grows when another file takes the place of the one that was read. */
  generation: number;
}

/**
 * A JSONL file that is read here and there, whatever its size, and that may still be growing. `follow` reads what is new
 * and keeps where each line starts (8 bytes a line). While a run writes, its `.partial` beside the name is what is
 * read; when that becomes the file itself, reading goes on where it was.
 */
export class RecordFile {
  #handle: FileHandle | undefined;
  #inode = 0;
  #offsets = new LineOffsets();
  /** The end of the last whole line, and whether text stands behind it that is a record all the same. */
  #end = 0;
  #tailIsRecord = false;
  #bytes = 0;
  #partial = false;
  #generation = 0;
  #following: Promise<void> | undefined;

  constructor(
    readonly path: string,
    private readonly longestLine = 64 * 1024 * 1024,
  ) {}

  get state(): RecordFileState {
    const records = this.#offsets.count + Number(this.#tailIsRecord);
    const bytesRead = this.#tailIsRecord ? this.#bytes : this.#end;
    return { records, bytesRead, bytes: this.#bytes, partial: this.#partial, generation: this.#generation };
  }

  /**
   * Reads on to the end of the file as it is now. Calls at the same time share one reading. Throws InputError where
   * neither the file nor its `.partial` can be read.
   */
  follow(signal?: AbortSignal): Promise<void> {
    this.#following ??= this.#readOn(signal).finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  /** The lines from a place (from 0) on, at most so many, as far as they are known. */
  async *lines(from: number, count = Number.POSITIVE_INFINITY): AsyncGenerator<FileLine> {
    const { generation } = this.state;
    const end = Math.min(from + count, this.state.records);
    for (let at = from; at < end; ) {
      const until = this.#linesWithin(at, end);
      const bytes = await this.#read(this.#startOf(at), this.#startOf(until));
      if (generation !== this.#generation) return;
      for (const start = this.#startOf(at); at < until; at++) {
        yield parsed(bytes.subarray(this.#startOf(at) - start, this.#startOf(at + 1) - start));
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
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let position = this.#end;
    while (position < this.#bytes && !signal?.aborted) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position);
      if (bytesRead === 0) break;
      this.#findLines(chunk.subarray(0, bytesRead), position);
      position += bytesRead;
    }
    const isAll = position >= this.#bytes && this.#bytes - this.#end <= this.longestLine;
    const rest = isAll ? await this.#read(this.#end, this.#bytes) : Buffer.alloc(0);
    this.#tailIsRecord = !isBlank(rest) && 'value' in parsed(rest);
  }

  /** A blank line is no record: it goes to the one before, whose JSON white space does not harm. */
  #findLines(bytes: Buffer, position: number): void {
    let start = 0;
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, start)) {
      const isBegun = position + start > this.#end;
      if (isBegun || !isBlank(bytes.subarray(start, at))) this.#offsets.push(this.#end);
      this.#end = position + at + 1;
      start = at + 1;
    }
  }

  /** Opens the file that the name stands for now, unless it is open. */
  async #openNewest(): Promise<FileHandle> {
    const partial = `${this.path}.partial`;
    const found = (await inodeAt(partial)) ?? (await inodeAt(this.path));
    if (found === undefined && this.#handle !== undefined) return this.#handle;
    if (found === undefined) throw new InputError('no such file', { path: this.path, hint: 'Check the path.' });
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
    this.#tailIsRecord = false;
    return handle;
  }

  /** The last of the lines from a place on that go into one chunk; one more at least. */
  #linesWithin(from: number, end: number): number {
    let until = from + 1;
    while (until < end && this.#startOf(until + 1) - this.#startOf(from) <= chunkBytes) until++;
    return until;
  }

  #startOf(line: number): number {
    if (line < this.#offsets.count) return this.#offsets.at(line);
    return line === this.#offsets.count ? this.#end : this.#bytes;
  }

  async #read(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(end - start, Math.max(this.longestLine, chunkBytes)));
    const { bytesRead = 0 } = (await this.#handle?.read(bytes, 0, bytes.length, start)) ?? {};
    return bytes.subarray(0, bytesRead);
  }
}

async function inodeAt(path: string) {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
    const { ino, size } = found;
    return { path, inode: ino, size };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw inputError(error, path);
  }
}

function isBlank(line: Buffer): boolean {
  return line.length < 1024 && line.toString('latin1').trim() === '';
}

function parsed(line: Buffer): FileLine {
  const text = line.toString().replace(/^\uFEFF/, '');
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `not JSON: ${messageOf(error)}`, text: text.slice(0, 2048) };
  }
}
