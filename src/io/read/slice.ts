import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { NEWLINE } from '../parse/lineSplitter.js';
import { inputError } from '../systemErrors.js';
import type { Chunk } from './byteChunks.js';
import { type Input, type OpenInput, openInput, READ_BYTES } from './input.js';

/**
 * A part of one input. Of lines it holds those that start in it, so that neighbours share none and lose none, wherever they are
 * cut: `bytes` are offsets in a plain file, `text` offsets in the text of a packed one. `rows` are those of parquet, `items` the
 * records and bad lines of what can only be read from its start.
 */
export interface Slice {
  unit: 'bytes' | 'text' | 'rows' | 'items';
  start: number;
  /** Not in the slice any more; without it the slice ends with its input. */
  end?: number | undefined;
  /** Its size on disk, or an estimate of it, for the progress. */
  bytes: number;
}

/** The edges of a slice in the unit of its reader, at starts of lines. */
export interface SliceEdges {
  /** The offset or row at which its reading begins; 0 for what is read from its start. */
  offset: number;
  /** The offset or row at which its reading ends. */
  end?: number | undefined;
  /** Returns the number of lines before it in its input, for the places of bad lines. */
  linesBefore?: (() => Promise<number>) | undefined;
}

/** Returns the edges of a slice: those of `bytes` are moved to the next start of a line. */
export async function edgesOf(input: Input, slice: Slice | undefined): Promise<SliceEdges> {
  if (slice?.unit === 'rows') return { offset: slice.start, end: slice.end };
  if (slice?.unit !== 'bytes') return { offset: 0 };
  const path = input as string;
  const offset = await lineStart(path, slice.start);
  const end = slice.end === undefined ? undefined : await lineStart(path, slice.end);
  let lines: Promise<number> | undefined;
  return {
    offset,
    end,
    // Most slices have no bad line, and the lines before them are then not counted.
    linesBefore() {
      lines ??= linesIn(path, offset);
      return lines;
    },
  };
}

/** Opens an input for a slice: at `offset`, which its edges or a resumed run give. */
export function openSlice(
  input: Input,
  slice: Slice | undefined,
  {
    offset,
    end,
    ...options
  }: { isFile: boolean; signal?: AbortSignal | undefined; offset: number; end?: number | undefined },
): OpenInput & { linesBefore?: () => Promise<number> } {
  if (slice?.unit === 'text') {
    const opened = openInput(input, options);
    const lines = { before: 0 };
    const chunks = linesStartingIn(opened.chunks, slice, lines);
    return { chunks, close: () => opened.close(), linesBefore: async () => lines.before };
  }
  if (slice?.unit === 'bytes' && end !== undefined && offset >= end)
    return { chunks: noChunks(), close: async () => {} };
  return openInput(input, { ...options, offset, end });
}

async function* noChunks(): AsyncGenerator<Chunk> {}

/** A search for the end of a line reads this much at a time. */
const SEARCHED_BYTES = 16 * 1024;

/** Returns the first start of a line at or after an offset; the end of the file if there is none. */
async function lineStart(path: string, offset: number): Promise<number> {
  if (offset === 0) return 0;
  try {
    await using file = await open(path);
    const buffer = Buffer.allocUnsafe(SEARCHED_BYTES);
    for (let at = offset - 1; ; ) {
      const { bytesRead } = await file.read(buffer, 0, SEARCHED_BYTES, at);
      if (bytesRead === 0) return Math.max(at, offset);
      const newline = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
      if (newline !== -1) return at + newline + 1;
      at += bytesRead;
    }
  } catch (error) {
    throw inputError(error, path);
  }
}

async function linesIn(path: string, end: number): Promise<number> {
  let lines = 0;
  if (end === 0) return lines;
  try {
    for await (const bytes of createReadStream(path, { end: end - 1, highWaterMark: READ_BYTES })) {
      lines += newlinesIn(bytes as Buffer);
    }
  } catch (error) {
    throw inputError(error, path);
  }
  return lines;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** Yields the bytes of the lines that start from `start` to `end`, and counts the lines before them. */
async function* linesStartingIn(
  chunks: AsyncIterable<Chunk>,
  { start, end = Number.POSITIVE_INFINITY }: Slice,
  lines: { before: number },
): AsyncGenerator<Chunk> {
  if (end <= start) return;
  /** The offset of the chunk, and whether the slice has begun. */
  let offset = 0;
  let hasBegun = start === 0;
  for await (const { bytes, rawBytes } of chunks) {
    let from = 0;
    if (!hasBegun) {
      // The newline before the first line of the slice has the offset start - 1 at least.
      const newline = bytes.indexOf(NEWLINE, Math.max(0, start - 1 - offset));
      const isFound = newline !== -1 && offset + bytes.length >= start;
      from = isFound ? newline + 1 : bytes.length;
      hasBegun = isFound;
      lines.before += newlinesIn(bytes.subarray(0, from));
      if (hasBegun && offset + from >= end) return;
    }
    const last = bytes.indexOf(NEWLINE, Math.max(from, end - 1 - offset));
    const isLast = last !== -1 && offset + bytes.length >= end;
    const owned = bytes.subarray(from, isLast ? last + 1 : bytes.length);
    if (owned.length > 0) yield { bytes: owned, rawBytes };
    if (isLast) return;
    offset += bytes.length;
  }
}
