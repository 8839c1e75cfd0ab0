import { createReadStream, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../../errors.js';
import { directoryError, inputError } from '../systemErrors.js';
import { byteChunks, type Chunk } from './byteChunks.js';
import { unzstd } from './unzstd.js';

/** A path, '-' for standard input, or a Readable of bytes. */
export type Input = string | Readable;

export interface OpenInput {
  chunks: AsyncIterable<Chunk>;
  /** Resolves when the file is closed. */
  close(): Promise<void>;
}

export const READ_BYTES = 256 * 1024;

/** Returns the name of an input for messages and rejects. */
export function inputName(input: Input): string {
  if (input === '-') return 'stdin';
  if (typeof input === 'string') return input;
  return 'path' in input && typeof input.path === 'string' ? input.path : 'stream';
}

/**
 * Resolves to the size of an input on disk, compressed if it is; undefined for a pipe or a stream.
 *
 * @throws InputError if there is no such file, or it is a directory or cannot be read
 */
export async function inputBytes(input: Input): Promise<number | undefined> {
  if (typeof input !== 'string') return undefined;
  try {
    const stats = input === '-' ? fstatSync(0) : await stat(input);
    if (stats.isDirectory()) throw directoryError(input);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    throw inputError(error, inputName(input));
  }
}

export interface OpenOptions {
  /** False for a named pipe. */
  isFile: boolean;
  /** The offset at which to begin, in a file that `canSeek`. Default 0. */
  offset?: number | undefined;
  /** The offset at which to end, in such a file. Default: its end. */
  end?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Opens an input; a path that ends in .gz or .zst is decompressed. */
export function openInput(input: Input, options: OpenOptions): OpenInput {
  if (input === '-') return openStream(process.stdin, 'stdin', options.signal);
  if (typeof input !== 'string') return openStream(input, inputName(input), options.signal);
  return openPath(input, options);
}

/** Returns true if reading can begin at any offset of the input. */
export function canSeek(input: Input, isFile: boolean): boolean {
  return isFile && typeof input === 'string' && input !== '-' && !isPackedName(input);
}

function openStream(stream: Readable, path: string, signal: AbortSignal | undefined): OpenInput {
  async function* chunks(): AsyncGenerator<Chunk> {
    if (stream.readableEnded || stream.destroyed) {
      throw new InputError('has been read already', {
        path,
        hint: 'A stream can be read once; pass a path to read it again.',
      });
    }
    for await (const bytes of byteChunks(stream, signal)) yield { bytes, rawBytes: bytes.length };
  }
  const close = async () => {
    stream.destroy();
  };
  return { chunks: withInputErrors(chunks(), path, signal), close };
}

function openPath(path: string, { isFile, offset = 0, end, signal }: OpenOptions): OpenInput {
  const file = createReadStream(path, {
    ...{ highWaterMark: READ_BYTES, start: offset },
    ...(end !== undefined && { end: end - 1 }),
  });
  file.on('error', () => {});
  async function* plain(): AsyncGenerator<Chunk> {
    for await (const bytes of byteChunks(file, signal)) yield { bytes, rawBytes: bytes.length };
  }
  async function* unzipped(): AsyncGenerator<Chunk> {
    const unzip = pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => {});
    let counted = 0;
    for await (const bytes of byteChunks(unzip, signal)) {
      const rawBytes = unzip.bytesWritten - counted;
      counted += rawBytes;
      yield { bytes, rawBytes };
    }
  }
  const unpacked = () => {
    if (isGzipName(path)) return unzipped();
    return isZstdName(path) ? unzstd(byteChunks(file, signal), path) : plain();
  };
  const close = async () => {
    const closed = new Promise<void>((resolve) => file.once('close', resolve));
    file.destroy();
    // A read that waits at a pipe keeps the file open until its writer writes: not worth waiting for.
    if (isFile && !file.closed) await closed;
  };
  return { chunks: withInputErrors(unpacked(), path, signal), close };
}

/** Returns true for the name of a gzipped file or one of Zstandard. */
export function isPackedName(path: string): boolean {
  return isGzipName(path) || isZstdName(path);
}

export function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}

function isZstdName(path: string): boolean {
  return /\.zst$/i.test(path);
}

async function* withInputErrors(
  chunks: AsyncIterable<Chunk>,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Chunk> {
  try {
    yield* chunks;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw inputError(error, path);
  }
}
