import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { InputError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { inputError } from '../systemErrors.js';
import type { Reader } from './recordStream.js';

/** The longest stretch of rows that is decoded at once, where a file's row groups are longer. */
const rowsAtOnce = 4096;

/**
 * The rows of a parquet file, read where they stand: the footer first, then a stretch of rows at a time. What JSON does
 * not know becomes what it does: whole numbers beyond 2^53 and dates become strings, bytes base64.
 */
export const parquet: Reader = async function* (input, { path, signal, from: place, bookmark }) {
  if (typeof input !== 'string' || input === '-') {
    throw new InputError('parquet cannot be read from a stream', {
      path,
      hint: 'Its index is at its end: give a path.',
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
      throw damaged(path, 'its footer cannot be read', cause);
    });
    let first = place?.offset ?? 0;
    for (const { from, to, rawBytes } of stretches(metadata)) {
      if (to <= first) continue;
      signal?.throwIfAborted();
      const rows = { file, metadata, compressors, rowStart: from, rowEnd: to, useOffsetIndex: true };
      const records = await parquetReadObjects(rows).catch((cause: unknown) => {
        throw damaged(path, `rows ${first + 1} to ${to} cannot be read`, cause);
      });
      first = to;
      yield { records: records.map(plain), rawBytes };
      bookmark.canEnterRow(to);
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

interface Stretch {
  from: number;
  to: number;
  rawBytes: number;
}

/** Each row group, cut where its pages are indexed so that a part can be read by itself. */
function* stretches({ row_groups: groups }: FileMetaData): Generator<Stretch> {
  let from = 0;
  for (const { num_rows: count, columns, total_byte_size: bytes } of groups) {
    const end = from + Number(count);
    const step = columns.every(({ offset_index_offset: at }) => at !== undefined) ? rowsAtOnce : Number(count);
    for (; from < end; from += step) {
      const to = Math.min(from + step, end);
      yield { from, to, rawBytes: (Number(bytes) * (to - from)) / Number(count) };
    }
    from = end;
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if (value instanceof Date || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function damaged(path: string, what: string, cause: unknown): InputError {
  const words = cause instanceof Error ? `: ${cause.message}` : '';
  return new InputError(`parquet: ${what}${words}`, { path, cause, hint: 'Fetch or write the file again.' });
}
