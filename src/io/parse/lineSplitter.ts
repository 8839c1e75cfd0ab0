export const NEWLINE = 0x0a;

const NO_BYTES: Buffer = Buffer.alloc(0);

export interface LineSplitterOptions {
  /** A longer line that spans chunks is cut to its first `keptBytes`. Default: no limit. */
  maxLineBytes?: number;
  keptBytes?: number;
  /** The offset of the first byte in the input. Default 0. */
  offset?: number;
}

/**
 * Splits bytes at 0x0A, whatever chunks they come in: U+2028 and a lone CR do not end a line. A line is copied only if it
 * spans chunks. Usage: `push(chunk)`, then `next()` until it is false; at the end of the input, `finish()`.
 */
export class LineSplitter {
  /** The current line is `bytes` from `start` to `end`, without its newline. */
  bytes = NO_BYTES;
  start = 0;
  end = 0;
  /** The offset of the current line in the input. */
  offset = 0;
  /** The length of the current line; more than `end - start` if it was cut. */
  length = 0;
  readonly #maxLineBytes: number;
  readonly #keptBytes: number;
  #chunk = NO_BYTES;
  #chunkOffset: number;
  #at = 0;
  /** The start of a line whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #heldOffset = 0;

  constructor({ maxLineBytes = Number.POSITIVE_INFINITY, keptBytes = 0, offset = 0 }: LineSplitterOptions = {}) {
    this.#maxLineBytes = maxLineBytes;
    this.#keptBytes = keptBytes;
    this.#chunkOffset = offset;
  }

  /** The current line, without its newline. */
  get line(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The number of bytes that wait for the end of their line. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the next chunk; all lines of the one before must have been taken. It must not be changed afterwards. */
  push(chunk: Buffer): void {
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Moves to the next whole line; returns false if there is none in the bytes so far. */
  next(): boolean {
    const chunk = this.#chunk;
    const start = this.#at;
    const end = chunk.indexOf(NEWLINE, start);
    if (end === -1) {
      this.#hold(chunk.subarray(start), start);
      this.#at = chunk.length;
      return false;
    }
    this.#at = end + 1;
    if (this.#heldBytes > 0) {
      this.#hold(chunk.subarray(start, end), start);
      return this.finish();
    }
    this.bytes = chunk;
    this.start = start;
    this.end = end;
    this.offset = this.#chunkOffset + start;
    this.length = end - start;
    return true;
  }

  /** At the end of the input: moves to the last line, if it has no newline; returns false if there is none. */
  finish(): boolean {
    if (this.#heldBytes === 0) return false;
    this.bytes = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.start = 0;
    this.end = this.bytes.length;
    this.offset = this.#heldOffset;
    this.length = this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    return true;
  }

  #hold(bytes: Buffer, start: number): void {
    if (bytes.length === 0) return;
    if (this.#heldBytes === 0) this.#heldOffset = this.#chunkOffset + start;
    this.#heldBytes += bytes.length;
    this.#held.push(bytes);
    if (this.#heldBytes <= this.#maxLineBytes) return;
    this.#held = [Buffer.concat(this.#held, Math.min(this.#heldBytes, this.#keptBytes))];
  }
}
