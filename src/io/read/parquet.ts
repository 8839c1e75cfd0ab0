import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { InputError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { inputError, messageOf } from '../systemErrors.js';
import type { InputReader } from './recordStream.js';

/** The most rows that are decoded at once. */
const MAX_ROWS = 4096;

/**
 * Reads the rows of a parquet file: the footer first, then a range of rows at a time. What JSON cannot hold is converted:
 * whole numbers beyond 2^53 and dates become strings, bytes become base64.
 */
export const readParquet: InputReader = async function* (input, { path, signal, from, position }) {
  if (typeof input !== 'string' || input === '-') {
    throw new InputError('parquet cannot be read from a stream', {
      path,
      hint: 'Its index is at its end: pass a path.',
    });
  }
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const handle = await open(input).catch((error: unknown) => {
    throw inputError(error, path);
  });
  try {
    const file = await bufferOf(handle);
    const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
      throw damagedParquet(path, 'its footer cannot be read', cause);
    });
    let first = from?.offset ?? 0;
    for (const { start, end, rawBytes } of rowRanges(metadata)) {
      if (end <= first) continue;
      signal?.throwIfAborted();
      const rows = { file, metadata, compressors, rowStart: start, rowEnd: end, useOffsetIndex: true };
      const records = await parquetReadObjects(rows).catch((cause: unknown) => {
        throw damagedParquet(path, `rows ${first + 1} to ${end} cannot be read`, cause);
      });
      first = end;
      yield { records: records.map(toJson), rawBytes };
      position.canResumeAtRow(end);
    }
  } finally {
    await handle.close();
  }
};

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size: byteLength } = await handle.stat();
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const bytes = new Uint8Array(end - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      if (bytesRead < bytes.length) throw new Error('the file ends too early');
      return bytes.buffer;
    },
  };
}

interface RowRange {
  start: number;
  end: number;
  rawBytes: number;
}

/** Yields each row group, split if its pages are indexed, so that a part can be read by itself. */
function* rowRanges({ row_groups: groups }: FileMetaData): Generator<RowRange> {
  let start = 0;
  for (const { num_rows: count, columns, total_byte_size: bytes } of groups) {
    const groupEnd = start + Number(count);
    const step = columns.every(({ offset_index_offset: offset }) => offset !== undefined) ? MAX_ROWS : Number(count);
    for (; start < groupEnd; start += step) {
      const end = Math.min(start + step, groupEnd);
      yield { start, end, rawBytes: (Number(bytes) * (end - start)) / Number(count) };
    }
    start = groupEnd;
  }
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toJson);
  if (value instanceof Date || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

function damagedParquet(path: string, reason: string, cause: unknown): InputError {
  // The reader is not made for damaged files: what it says after it has misread one helps nobody.
  const isMisled = cause instanceof TypeError || cause instanceof RangeError || /NaN|undefined/.test(messageOf(cause));
  const detail = isMisled ? '' : `: ${messageOf(cause)}`;
  return new InputError(`parquet: ${reason}${detail}`, {
    path,
    cause,
    hint: 'Download or write the file again.',
  });
}
