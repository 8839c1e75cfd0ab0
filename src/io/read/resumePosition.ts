import { stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { InputError } from '../../errors.js';
import type { Position, ResumeFrom } from '../../flow/resume.js';
import { inputError } from '../systemErrors.js';
import { type Chunk, type Input, inputName, openInput } from './input.js';

/**
 * A position among some inputs. Reading can begin anew at `offset` of the input `file` (of its rows in parquet; 0 for what
 * cannot be entered midway: packed files, arrays, streams). All text read before it, of `bytes` bytes over all inputs, has
 * the checksum `crc`; all that was read by then, up to `read`, has `readCrc`.
 */
export interface InputPosition extends Position {
  file: number;
  offset: number;
  /** Lines before it in the file. */
  line: number;
  bytes: number;
  crc: number;
  readCrc: number;
  /** A checksum of names, sizes and times of the inputs up to this one: where it is the same nobody wrote to them. */
  stamp: number;
}

/** Keeps where a reading stands, and checks that a reading that goes on reads what was read before. */
export class Bookmark {
  /** Items given so far. */
  ordinal: number;
  /** The furthest place that reading can begin anew at. */
  #mark: Omit<InputPosition, 'read' | 'readCrc' | 'stamp'>;
  #read: number;
  #readCrc: number;
  #stamp = 0;
  #stampBefore = 0;
  /** Of the input that is read, when its reading began. */
  #size = 0;
  #beganAt = 0;
  readonly #resume: { from: InputPosition; seen: InputPosition } | undefined;

  constructor(
    private readonly inputs: readonly Input[],
    private readonly onPosition: ((position: Position) => void) | undefined,
    resume: ResumeFrom | undefined,
  ) {
    this.#resume = resume as { from: InputPosition; seen: InputPosition } | undefined;
    this.#mark = this.#resume?.from ?? { ordinal: 0, file: 0, offset: 0, line: 0, bytes: 0, crc: 0 };
    this.ordinal = this.#mark.ordinal;
    this.#read = this.#mark.bytes;
    this.#readCrc = this.#mark.crc;
  }

  /** The place in an input at which its reading begins; undefined where it was read to its end before. */
  async begin(file: number): Promise<{ offset: number; line: number } | undefined> {
    const from = this.#resume?.from;
    this.#stampBefore = this.#stamp;
    ({ stamp: this.#stamp, size: this.#size } = await stampOf(this.inputs[file] as Input, this.#stampBefore));
    if (from !== undefined && file < from.file) return undefined;
    if (file === from?.file) {
      const isEntered = from.offset > 0 || isParquet(this.inputs[file] as Input);
      if (this.#stamp !== from.stamp) await this.#checkAgain(isEntered ? file + 1 : file, from);
    } else {
      this.#mark = { ordinal: this.ordinal, file, offset: 0, line: 0, bytes: this.#read, crc: this.#readCrc };
    }
    const { offset, line } = this.#mark;
    this.#beganAt = this.#mark.bytes - offset;
    this.#tell();
    return { offset, line };
  }

  /** The chunks of an input, each told before it is given. Throws InputError where the input was cut or changed meanwhile. */
  async *follow(source: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    if (this.onPosition === undefined && this.#resume === undefined) {
      yield* source;
      return;
    }
    const { file } = this.#mark;
    for await (const chunk of source) {
      const start = { bytes: this.#read, crc: this.#readCrc };
      this.#advance(chunk.bytes);
      yield { ...chunk, start };
    }
    const { stamp, size } = await stampOf(this.inputs[file] as Input, this.#stampBefore);
    if (size < this.#size) throw this.#changed('are shorter than they were');
    if (stamp !== this.#stamp) await this.#checkAgain(file + 1, { bytes: this.#read, crc: this.#readCrc });
    this.#stamp = stamp;
  }

  /** A reader can begin anew after the first `used` bytes of a chunk, with so many lines before. */
  canEnter({ bytes, start }: Chunk, used: number, line: number): void {
    if (start === undefined || used < 0) return;
    const at = start.bytes + used;
    const crc = crc32(bytes.subarray(0, used), start.crc);
    this.#mark = { ...this.#mark, ordinal: this.ordinal, offset: at - this.#beganAt, line, bytes: at, crc };
  }

  /** A reader that goes by rows can begin anew at one. */
  canEnterRow(offset: number): void {
    this.#mark = { ...this.#mark, ordinal: this.ordinal, offset };
    this.#tell();
  }

  /** All inputs are read. Throws InputError where they hold less than they did. */
  end(): void {
    const seen = this.#resume?.seen;
    if (seen !== undefined && this.#read < seen.read) throw this.#changed('are shorter than they were');
  }

  #advance(bytes: Buffer): void {
    const seen = this.#resume?.seen;
    const toSeen = seen === undefined ? -1 : seen.read - this.#read;
    if (toSeen > 0 && toSeen <= bytes.length && crc32(bytes.subarray(0, toSeen), this.#readCrc) !== seen?.readCrc) {
      throw this.#changed('are not what they were');
    }
    this.#read += bytes.length;
    this.#readCrc = crc32(bytes, this.#readCrc);
    this.#tell();
  }

  #tell(): void {
    this.onPosition?.({ ...this.#mark, read: this.#read, readCrc: this.#readCrc, stamp: this.#stamp } as Position);
  }

  /** Somebody wrote to the inputs: reads what was read of the first `count` of them again, for its checksum. */
  async #checkAgain(count: number, { bytes, crc }: { bytes: number; crc: number }): Promise<void> {
    let again = { bytes: 0, crc: 0 };
    for (const input of this.inputs.slice(0, count)) {
      if (typeof input !== 'string' || input === '-' || isParquet(input)) throw this.#changed('have changed');
      const { chunks, close } = openInput(input, { isFile: true });
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
    if (again.bytes < bytes) throw this.#changed('are shorter than they were');
    if (again.crc !== crc) throw this.#changed('are not what they were');
  }

  /** Says so of the records that were read before, or were to be read. */
  #changed(how: string): InputError {
    const [first] = this.inputs;
    const only = this.inputs.length === 1 && first !== undefined;
    const what = only ? inputName(first) : `the ${this.inputs.length} inputs`;
    return new InputError(`${what}: the records that were read before ${how}`, {
      hint: 'put the input back as it was, or start anew (--resume never)',
    });
  }
}

function isParquet(input: Input): boolean {
  return typeof input === 'string' && /\.parquet$/i.test(input);
}

/** `size` is 0 for what has none, or may change it at any time. */
async function stampOf(input: Input, before: number): Promise<{ stamp: number; size: number }> {
  if (typeof input !== 'string' || input === '-') return { stamp: crc32('-', before), size: 0 };
  const stats = await stat(input).catch((error: unknown) => {
    throw inputError(error, input);
  });
  const { size, mtimeMs } = stats;
  if (!stats.isFile()) return { stamp: crc32(JSON.stringify([input]), before), size: 0 };
  return { stamp: crc32(JSON.stringify([input, size, mtimeMs]), before), size };
}
