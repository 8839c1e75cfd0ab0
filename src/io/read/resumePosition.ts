import { stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { InputError } from '../../errors.js';
import type { Position, ResumeFrom } from '../../flow/resume.js';
import { inputError } from '../systemErrors.js';
import type { Chunk } from './byteChunks.js';
import { type Input, inputName } from './input.js';
import { openSlice, type Slice, type SliceEdges } from './slice.js';

/** An input, and the part of it that is read. */
export interface SlicedInput {
  input: Input;
  slice: Slice | undefined;
  edges: SliceEdges;
}

/**
 * A position among some inputs. Reading can resume at `offset` of the input `file` (its row in parquet; 0 for what cannot be
 * entered midway: compressed files, arrays, streams). All text read before it, `bytes` bytes over all inputs, has the
 * checksum `crc`; all that was read by then, up to `read`, has `readCrc`.
 */
export interface InputPosition extends Position {
  file: number;
  offset: number;
  /** Lines before it in the file. */
  line: number;
  bytes: number;
  crc: number;
  readCrc: number;
  /** A checksum of names, sizes and times of the inputs up to this one: if it is the same, nobody wrote to them. */
  stamp: number;
}

/** Tracks the position of a reading, and checks that a resumed reading reads what was read before. */
export class ResumePosition {
  /** Items read so far. */
  ordinal: number;
  readonly #inputs: readonly SlicedInput[];
  readonly #onPosition: ((position: Position) => void) | undefined;
  readonly #resume: { from: InputPosition; seen: InputPosition } | undefined;
  /** The furthest position at which reading can resume. */
  #mark: Omit<InputPosition, 'read' | 'readCrc' | 'stamp'>;
  #read: number;
  #readCrc: number;
  #stamp = 0;
  #stampBefore = 0;
  /** The size of the current input when its reading began. */
  #size = 0;
  /** The bytes read before the current input. */
  #bytesBefore = 0;

  constructor(
    inputs: readonly SlicedInput[],
    onPosition: ((position: Position) => void) | undefined,
    resume: ResumeFrom | undefined,
  ) {
    this.#inputs = inputs;
    this.#onPosition = onPosition;
    this.#resume = resume as { from: InputPosition; seen: InputPosition } | undefined;
    this.#mark = this.#resume?.from ?? { ordinal: 0, file: 0, offset: 0, line: 0, bytes: 0, crc: 0 };
    this.ordinal = this.#mark.ordinal;
    this.#read = this.#mark.bytes;
    this.#readCrc = this.#mark.crc;
  }

  /** Resolves to the offset in an input at which its reading begins; undefined if it was read to its end before. */
  async begin(file: number): Promise<{ offset: number; line: number } | undefined> {
    const from = this.#resume?.from;
    const { input, edges } = this.#inputs[file] as SlicedInput;
    this.#stampBefore = this.#stamp;
    ({ stamp: this.#stamp, size: this.#size } = await stampOf(input, this.#stampBefore));
    if (from !== undefined && file < from.file) return undefined;
    if (file === from?.file) {
      const isEntered = from.offset > 0 || isParquet(input);
      if (this.#stamp !== from.stamp) await this.#checkAgain(isEntered ? file + 1 : file, from);
    } else {
      const { ordinal } = this;
      this.#mark = { ordinal, file, offset: edges.offset, line: 0, bytes: this.#read, crc: this.#readCrc };
    }
    const { offset, line } = this.#mark;
    this.#bytesBefore = this.#mark.bytes - offset;
    this.#report();
    return { offset, line };
  }

  /**
   * Passes on the chunks of an input, each after its position was reported. Throws InputError if the input was cut or changed
   * meanwhile.
   */
  async *track(source: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    if (this.#onPosition === undefined && this.#resume === undefined) {
      yield* source;
      return;
    }
    const { file } = this.#mark;
    for await (const chunk of source) {
      const start = { bytes: this.#read, crc: this.#readCrc };
      this.#advance(chunk.bytes);
      yield { ...chunk, start };
    }
    const { stamp, size } = await stampOf((this.#inputs[file] as SlicedInput).input, this.#stampBefore);
    if (size < this.#size) throw this.#changed('are shorter than before');
    if (stamp !== this.#stamp) await this.#checkAgain(file + 1, { bytes: this.#read, crc: this.#readCrc });
    this.#stamp = stamp;
  }

  /** Takes a position of a reader: it can resume after the first `used` bytes of a chunk, with `line` lines before. */
  canResumeAt({ bytes, start }: Chunk, used: number, line: number): void {
    if (start === undefined || used < 0) return;
    const end = start.bytes + used;
    const crc = crc32(bytes.subarray(0, used), start.crc);
    this.#mark = { ...this.#mark, ordinal: this.ordinal, offset: end - this.#bytesBefore, line, bytes: end, crc };
  }

  /** Takes a position of a reader of rows. */
  canResumeAtRow(row: number): void {
    this.#mark = { ...this.#mark, ordinal: this.ordinal, offset: row };
    this.#report();
  }

  /** Ends the reading. Throws InputError if the inputs hold less than before. */
  end(): void {
    const seen = this.#resume?.seen;
    if (seen !== undefined && this.#read < seen.read) throw this.#changed('are shorter than before');
  }

  #advance(bytes: Buffer): void {
    const seen = this.#resume?.seen;
    const toSeen = seen === undefined ? -1 : seen.read - this.#read;
    if (toSeen > 0 && toSeen <= bytes.length && crc32(bytes.subarray(0, toSeen), this.#readCrc) !== seen?.readCrc) {
      throw this.#changed('are different now');
    }
    this.#read += bytes.length;
    this.#readCrc = crc32(bytes, this.#readCrc);
    this.#report();
  }

  #report(): void {
    this.#onPosition?.({ ...this.#mark, read: this.#read, readCrc: this.#readCrc, stamp: this.#stamp } as Position);
  }

  /** Somebody wrote to the inputs: reads again what was read of the first `count` of them, for its checksum. */
  async #checkAgain(count: number, { bytes, crc }: { bytes: number; crc: number }): Promise<void> {
    let again = { bytes: 0, crc: 0 };
    for (const { input, slice, edges } of this.#inputs.slice(0, count)) {
      if (typeof input !== 'string' || input === '-' || isParquet(input)) throw this.#changed('have changed');
      const { chunks, close } = openSlice(input, slice, { ...edges, isFile: true });
      try {
        for await (const chunk of chunks) {
          const rest = chunk.bytes.subarray(0, bytes - again.bytes);
          again = { bytes: again.bytes + rest.length, crc: crc32(rest, again.crc) };
          if (again.bytes === bytes) break;
        }
      } finally {
        await close();
      }
    }
    if (again.bytes < bytes) throw this.#changed('are shorter than before');
    if (again.crc !== crc) throw this.#changed('are different now');
  }

  /** Returns the error for inputs in which records that were read before, or were to be read, have changed. */
  #changed(how: string): InputError {
    const [first] = this.#inputs;
    const only = this.#inputs.length === 1 && first !== undefined;
    const name = only ? inputName(first.input) : `the ${this.#inputs.length} inputs`;
    return new InputError(`${name}: the records that were read before ${how}`, {
      hint: 'restore the input, or start a new run (--resume never)',
    });
  }
}

function isParquet(input: Input): boolean {
  return typeof input === 'string' && /\.parquet$/i.test(input);
}

/** Returns the stamp and the size of an input; the size is 0 if it has none, or may change at any time. */
async function stampOf(input: Input, before: number): Promise<{ stamp: number; size: number }> {
  if (typeof input !== 'string' || input === '-') return { stamp: crc32('-', before), size: 0 };
  const stats = await stat(input).catch((error: unknown) => {
    throw inputError(error, input);
  });
  const { size, mtimeMs } = stats;
  if (!stats.isFile()) return { stamp: crc32(JSON.stringify([input]), before), size: 0 };
  return { stamp: crc32(JSON.stringify([input, size, mtimeMs]), before), size };
}
