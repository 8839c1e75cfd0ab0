import { InputError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { jsonFlaw } from '../../util/jsonFlaw.js';
import { binaryReason, needsOnlyExtension, unreadableByName } from '../parse/binaryFormats.js';
import { columnsToRows, type JsonShape, jsonShape, showsShape } from '../parse/jsonShape.js';
import { messageOf } from '../systemErrors.js';
import type { Chunk } from './byteChunks.js';
import { asUtf8 } from './encoding.js';
import { type Input, isPackedName, openInput } from './input.js';
import type { InputFormat } from './options.js';
import { readParquet } from './parquet.js';
import { peek } from './peek.js';
import { noPlaces } from './places.js';
import { jsonArrayFormat, readArray } from './readJsonArray.js';
import { jsonlFormat, jsonlReader } from './readJsonl.js';
import { tableReader } from './readTable.js';
import {
  type FormatContext,
  type InputReader,
  type RecordBatch,
  type RecordFormat,
  sequential,
} from './recordStream.js';
import type { Slice } from './slice.js';
import { textDocumentFormat } from './textDocument.js';

const PACKED = '(\\.gz|\\.zst)?$';
const hasExtension = (name: string, extensions: string): boolean =>
  new RegExp(`\\.(${extensions})${PACKED}`, 'i').test(name);

/** Returns the reader of an input: by the format that is asked for, else by its name and its first bytes. */
export function readerOf(input: Input, format: InputFormat, slice?: Slice): InputReader {
  // What is split at lines was found to be JSON Lines by its start.
  if (slice?.unit === 'bytes' || slice?.unit === 'text') return jsonlReader;
  const name = typeof input === 'string' ? input : '';
  if (format === 'jsonl') return jsonlReader;
  if (format === 'json') return sequential(jsonArrayFormat);
  if (format === 'csv' || format === 'tsv') return tableReader(format);
  if (format === 'text') return sequential(textDocumentFormat);
  if (/\.parquet$/i.test(name)) return readParquet;
  if (hasExtension(name, 'csv')) return tableReader('csv');
  if (hasExtension(name, 'tsv|tab')) return tableReader('tsv');
  return sequential(jsonOrTextFormat(name));
}

/** Resolves to the unit in which a file can be split: that of `Slice`. */
export async function sliceUnitOf(path: string, format: InputFormat): Promise<Slice['unit']> {
  const unit = isPackedName(path) ? 'text' : 'bytes';
  if (format === 'parquet' || (format === 'auto' && /\.parquet$/i.test(path))) return 'rows';
  if (format !== 'jsonl' && (format !== 'auto' || hasExtension(path, 'csv|tsv|tab'))) return 'items';
  const { chunks, close } = openInput(path, { isFile: true });
  try {
    const { chunks: utf8, packed, recoded } = await asUtf8(chunks);
    if (recoded || packed !== undefined) return 'items';
    if (format === 'jsonl') return unit;
    if (unreadableByName(path) !== undefined) return 'items';
    const { start } = await peek(utf8, showsShape);
    return shapeOf(path, start).kind === 'lines' ? unit : 'items';
  } finally {
    await close();
  }
}

/** Returns the shape of JSON, or that of one document, by the name and the start of an input. */
function shapeOf(name: string, start: Buffer): JsonShape | { kind: 'text' } {
  // The name decides about a single line: it may be a record of lists.
  const isLines = hasExtension(name, 'jsonl|ndjson') && startsWithRecord(start);
  const shape: JsonShape = isLines ? { kind: 'lines' } : jsonShape(start);
  return hasExtension(name, 'txt|text|md|markdown') && !holdsRecords(start, shape) ? { kind: 'text' } : shape;
}

/** JSON Lines, an array, an object that holds one, or one document if the name is that of a text. */
const jsonOrTextFormat = (name: string): RecordFormat =>
  async function* (source, context) {
    if ((context.from?.line ?? 0) > 0) {
      yield* jsonlFormat(source, context);
      return;
    }
    const { chunks: utf8, packed, recoded } = await asUtf8(source);
    const unreadable = unreadableByName(name) ?? packed;
    if (unreadable !== undefined && !needsOnlyExtension(unreadable)) {
      throw new InputError(binaryReason(unreadable, context.path), { path: context.path });
    }
    if (packed !== undefined) {
      yield* jsonlFormat(utf8, context);
      return;
    }
    const { start, chunks } = await peek(utf8, showsShape);
    const shape = shapeOf(name, start);
    if (shape.kind === 'text') {
      yield* textDocumentFormat(chunks, context);
      return;
    }
    if (context.places && (recoded || shape.kind !== 'lines')) {
      throw noPlaces(context.path, recoded ? 'is UTF-16' : 'is not JSON Lines');
    }
    yield* readShape(shape, chunks, context);
  };

/** Returns true if the first line is a whole object. */
function startsWithRecord(start: Buffer): boolean {
  try {
    return isRecord(JSON.parse(firstLineOf(start)));
  } catch {
    return false;
  }
}

function firstLineOf(start: Buffer): string {
  const [line = ''] = startText(start).split('\n', 1);
  return line;
}

function startText(start: Buffer): string {
  return start
    .toString()
    .replace(/^\uFEFF/, '')
    .trimStart();
}

/** Returns true for a text file that is JSON by its content: its first line, or a list of objects. */
function holdsRecords(start: Buffer, { kind }: JsonShape): boolean {
  if (kind === 'array') return /^\[\s*\{\s*"/.test(startText(start));
  if (kind !== 'lines' || startsWithRecord(start)) return true;
  return /^\{\s*"[^"\n]*"\s*:/.test(firstLineOf(start));
}

async function* readShape(
  shape: JsonShape,
  chunks: AsyncIterable<Chunk>,
  context: FormatContext,
): AsyncGenerator<RecordBatch> {
  const { path, notice, format } = context;
  if (shape.kind === 'lines') {
    yield* jsonlFormat(chunks, context);
  } else if (shape.kind === 'wrapped') {
    notice(`${path} is one object: the list under its key ${JSON.stringify(shape.wrapper)} is read`);
    yield* readArray(chunks, context, shape.wrapper);
  } else if (shape.kind === 'columns') {
    format('a JSON object of columns');
    notice(`${path} is one object of columns: its rows are read`);
    yield* readColumns(chunks, context);
  } else {
    yield* readArray(chunks, context);
  }
}

/** Reads one object of columns, which is held in memory. */
async function* readColumns(
  chunks: AsyncIterable<Chunk>,
  { path, maxLineBytes }: FormatContext,
): AsyncGenerator<RecordBatch> {
  const hint = `write a record per line: python3 -c "import pandas as pd; pd.read_json('${path}').to_json('${path}.jsonl', orient='records', lines=True)"`;
  const pieces: Buffer[] = [];
  let bytes = 0;
  let rawBytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk.bytes);
    bytes += chunk.bytes.length;
    rawBytes += chunk.rawBytes;
    if (bytes > maxLineBytes) {
      throw new InputError(`is one object of columns, longer than ${maxLineBytes} bytes`, { path, hint });
    }
  }
  let object: unknown;
  try {
    object = JSON.parse(
      Buffer.concat(pieces)
        .toString()
        .replace(/^\uFEFF/, ''),
    );
  } catch (cause) {
    throw new InputError(`not JSON: ${messageOf(cause)}`, { path, hint, cause });
  }
  const rows = isRecord(object) ? columnsToRows(object) : undefined;
  const flaw = jsonFlaw(object);
  if (rows === undefined || flaw !== undefined) {
    throw new InputError(flaw ?? 'is a JSON object, not an array, and its values are not columns of one length', {
      path,
      hint,
    });
  }
  yield { records: rows, rawBytes };
}
