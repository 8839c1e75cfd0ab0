import { createReadStream, fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../../errors.js';
import { inputError } from '../systemErrors.js';
import { chunksOf } from './byteChunks.js';
import { unzstd } from './unzstd.js';

/** A path, '-' for standard input, or a Readable of bytes. */
export type Input = string | Readable;

/** A piece of an input. */
export interface Chunk {
  bytes: Buffer;
  /** How many bytes of the file went into it: fewer than `bytes` has, where the file is compressed. */
  rawBytes: number;
  /** What was read before it, over all inputs: how many bytes, and their checksum. Absent where that is not kept. */
  start?: { bytes: number; crc: number };
}

export interface OpenInput {
  chunks: AsyncIterable<Chunk>;
  /** Resolves when the file is closed. */
  close(): Promise<void>;
}

const chunkBytes = 256 * 1024;

/** What messages and rejects call the input. */
export function inputName(input: Input): string {
  if (input === '-') return 'stdin';
  if (typeof input === 'string') return input;
  return 'path' in input && typeof input.path === 'string' ? input.path : 'stream';
}

/**
 * The bytes of an input on disk, compressed as they are there; undefined for a pipe or a stream.
 *
 * @throws InputError if the path is none, a directory, or not to be read
 */
export async function inputBytes(input: Input): Promise<number | undefined> {
  if (typeof input !== 'string') return undefined;
  try {
    const stats = input === '-' ? fstatSync(0) : await stat(input);
    if (stats.isDirectory()) throw Object.assign(new Error(`${input} is a directory`), { code: 'EISDIR' });
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    throw inputError(error, inputName(input));
  }
}

export interface OpenOptions {
  /** False for a named pipe. */
  isFile: boolean;
  /** Where to begin in a file that `canSeek`. Default 0. */
  offset?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Opens an input; a path that ends in .gz or .zst is decompressed. */
export function openInput(input: Input, options: OpenOptions): OpenInput {
  if (input === '-') return openStream(process.stdin, 'stdin', options.signal);
  if (typeof input !== 'string') return openStream(input, inputName(input), options.signal);
  return openPath(input, options);
}

/** Whether reading can begin anywhere in it. */
export function canSeek(input: Input, isFile: boolean): boolean {
  return isFile && typeof input === 'string' && input !== '-' && !isGzipName(input) && !isZstdName(input);
}

function openStream(stream: Readable, path: string, signal: AbortSignal | undefined): OpenInput {
  async function* chunks(): AsyncGenerator<Chunk> {
    if (stream.readableEnded || stream.destroyed) {
      throw new InputError('was read before', {
        path,
        hint: 'A stream can be read once; give a path to read it again.',
      });
    }
    for await (const bytes of chunksOf(stream, signal)) yield { bytes, rawBytes: bytes.length };
  }
  const close = async () => {
    stream.destroy();
  };
  return { chunks: named(chunks(), path, signal), close };
}

function openPath(path: string, { isFile, offset = 0, signal }: OpenOptions): OpenInput {
  const file = createReadStream(path, { highWaterMark: chunkBytes, start: offset });
  file.on('error', () => {});
  async function* plain(): AsyncGenerator<Chunk> {
    for await (const bytes of chunksOf(file, signal)) yield { bytes, rawBytes: bytes.length };
  }
  async function* unzipped(): AsyncGenerator<Chunk> {
    const unzip = pipeline(file, createGunzip({ chunkSize: chunkBytes }), () => {});
    let counted = 0;
    for await (const bytes of chunksOf(unzip, signal)) {
      const rawBytes = unzip.bytesWritten - counted;
      counted += rawBytes;
      yield { bytes, rawBytes };
    }
  }
  const unpacked = () => {
    if (isGzipName(path)) return unzipped();
    return isZstdName(path) ? unzstd(chunksOf(file, signal), path) : plain();
  };
  const close = async () => {
    const closed = new Promise<void>((resolve) => file.once('close', resolve));
    file.destroy();
    // A read that waits at a pipe keeps the file open until its writer speaks: not worth waiting for.
    if (isFile && !file.closed) await closed;
  };
  return { chunks: named(unpacked(), path, signal), close };
}

export function isGzipName(path: string): boolean {
  return /\.gz$/i.test(path);
}

function isZstdName(path: string): boolean {
  return /\.zst$/i.test(path);
}

async function* named(chunks: AsyncIterable<Chunk>, path: string, signal?: AbortSignal): AsyncGenerator<Chunk> {
  try {
    yield* chunks;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw inputError(error, path);
  }
}
