import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData, ParquetParsers } from 'hyparquet';
import { InputError } from '../../errors.js';
import { inputError, messageOf } from '../systemErrors.js';
import type { InputReader } from './recordStream.js';

/** The most rows that are decoded at once. */
const MAX_ROWS = 4096;

/**
 * Reads the rows of a parquet file: the footer first, then a range of rows at a time. What JSON cannot hold is converted:
 * decimals, whole numbers beyond 2^53, dates, times and intervals become strings, bytes become base64.
 */
export const readParquet: InputReader = async function* (input, { path, signal, from, position, format, edges }) {
  if (typeof input !== 'string' || input === '-') {
    throw new InputError('parquet cannot be read from a stream', {
      path,
      hint: 'its index is at its end: pass a path',
    });
  }
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const { exactParsers, parquetRows } = await import('../parse/parquetTypes.js');
  const { compressors } = await import('hyparquet-compressors');
  const handle = await open(input).catch((error: unknown) => {
    throw inputError(error, path);
  });
  try {
    const file = await bufferOf(handle);
    const footer = await parquetMetadataAsync(file).catch((cause: unknown) => {
      throw damagedParquet(path, 'its footer cannot be read', cause);
    });
    format(`parquet, ${footer.num_rows} rows`);
    const { metadata, toJson } = rowsOf(path, footer, parquetRows);
    const parsers = exactParsers as unknown as ParquetParsers;
    const read = { file, metadata, compressors, parsers, useOffsetIndex: true };
    let first = from?.offset ?? 0;
    for (const { start, end, rawBytes } of rowRanges(metadata)) {
      if (end <= first) continue;
      if (start >= (edges.end ?? Number.POSITIVE_INFINITY)) break;
      signal?.throwIfAborted();
      const rows = { ...read, rowStart: start, rowEnd: end };
      const records = await parquetReadObjects(rows).catch(async (cause: unknown) => {
        const columns = await unreadableColumns(metadata, (column) =>
          parquetReadObjects({ ...rows, columns: [column] }),
        );
        const which =
          columns.length === 0 ? '' : ` (${columns.length === 1 ? 'column' : 'columns'} ${columns.join(', ')})`;
        throw damagedParquet(path, `rows ${first + 1} to ${end} cannot be read${which}`, cause);
      });
      first = end;
      yield { records: records.map(toJson), rawBytes };
      position.canResumeAtRow(end);
    }
  } finally {
    await handle.close();
  }
};

/** Checks a footer, and returns how its rows are read. Throws InputError for one that does not agree with itself. */
function rowsOf<Rows>(path: string, footer: FileMetaData, read: (footer: FileMetaData) => Rows): Rows {
  const stray = columnBesideSchema(footer);
  if (stray !== undefined) throw damagedParquet(path, `its schema has no column ${JSON.stringify(stray)}`);
  try {
    return read(footer);
  } catch (cause) {
    throw damagedParquet(path, 'its schema cannot be read', cause);
  }
}

const MAX_SCHEMA_DEPTH = 100;

/**
 * Returns a column of a row group that the schema does not have: the reader would throw while it reads the others, and their
 * errors would be nobody's.
 */
function columnBesideSchema({ schema, row_groups: groups }: FileMetaData): string | undefined {
  const paths = new Set<string>();
  /** Adds the paths of the leaves below an element, and returns the index of the element after them. */
  const add = (at: number, above: string[]): number => {
    const { name = '', num_children: count = 0 } = schema[at] ?? {};
    const path = at === 0 ? [] : [...above, name];
    if (count === 0) paths.add(path.join('\0'));
    let next = at + 1;
    for (let child = 0; child < count && next < schema.length && path.length < MAX_SCHEMA_DEPTH; child++)
      next = add(next, path);
    return next;
  };
  add(0, []);
  const columns = groups.flatMap((group) =>
    group.columns.flatMap(({ meta_data: data }) => (data?.path_in_schema ? [data.path_in_schema] : [])),
  );
  return columns.find((column) => !paths.has(column.join('\0')))?.join('.');
}

/** Returns the ranges of rows that can be read by themselves: row groups, or parts of them if their pages are indexed. */
export async function parquetRanges(path: string): Promise<RowRange[]> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const handle = await open(path).catch((error: unknown) => {
    throw inputError(error, path);
  });
  try {
    const footer = await parquetMetadataAsync(await bufferOf(handle)).catch((cause: unknown) => {
      throw damagedParquet(path, 'its footer cannot be read', cause);
    });
    return [...rowRanges(footer)];
  } finally {
    await handle.close();
  }
}

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

export interface RowRange {
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

/** Returns the columns that cannot be read even by themselves. */
async function unreadableColumns(
  { schema }: FileMetaData,
  read: (column: string) => Promise<unknown>,
): Promise<string[]> {
  const bad: string[] = [];
  let at = 1;
  for (let count = schema[0]?.num_children ?? 0; count > 0; count--) {
    const name = schema[at]?.name ?? '';
    await read(name).catch(() => bad.push(name));
    for (let left = 1; left > 0; left--) left += schema[at++]?.num_children ?? 0;
  }
  return bad;
}

function damagedParquet(path: string, reason: string, cause?: unknown): InputError {
  // The reader is not made for damaged files: what it says after it has misread one helps nobody.
  const isMisled = cause instanceof TypeError || cause instanceof RangeError || /NaN|undefined/.test(messageOf(cause));
  const detail = isMisled ? '' : `: ${messageOf(cause)}`;
  return new InputError(`parquet: ${reason}${detail}`, {
    path,
    cause,
    hint: 'download or write the file again',
  });
}
