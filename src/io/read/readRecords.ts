import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import { inputFiles } from './inputFiles.js';
import type { ReadOptions } from './options.js';
import { readParquet } from './parquet.js';
import { peek } from './peek.js';
import { jsonArrayFormat } from './readJsonArray.js';
import { jsonlFormat, jsonlReader } from './readJsonl.js';
import { type InputReader, type RecordFormat, RecordStream, sequential } from './recordStream.js';

/**
 * Reads the records of one or several inputs, one after another. An input is a file, '-' for standard input, a folder (the
 * record files in it, by name) or a pattern (`data/*.jsonl`). The name decides how a file is read: `.json` as an array,
 * `.parquet` as parquet, everything else (`.jsonl`, `.ndjson`, no extension, standard input) as JSONL; text may have `.gz` or
 * `.zst` after that.
 *
 * Many people name JSONL `.json`: a `.json` file that starts with `{` is read as JSONL if its first line is a whole JSON
 * value (or has not ended after 1 MiB). So a file with one object on one line yields one record; an object that spans several
 * lines is an InputError. All paths are looked up before the first record is yielded. Of parquet, the rows of one row group
 * are in memory at once, or 4,096 if its pages are indexed.
 *
 * @throws InputError as `readJsonl` and `readJsonArray` do, and if a folder or a pattern has no file; UsageError for an
 *   unknown option or a value out of range
 */
export function readRecords(inputs: string | readonly string[], options: ReadOptions = {}): RecordStream {
  return new RecordStream('readRecords', () => inputFiles([inputs].flat()), readerOf, options);
}

function readerOf(input: Input): InputReader {
  const name = typeof input === 'string' ? input : '';
  if (/\.parquet$/i.test(name)) return readParquet;
  return /\.json(\.gz|\.zst)?$/i.test(name) ? jsonReader : jsonlReader;
}

const MAX_FIRST_LINE_BYTES = 1024 * 1024;

/** A file named `.json`: an array, or JSON Lines. */
const jsonFormat: RecordFormat = async function* (source, context) {
  if (context.from !== undefined && context.from.line > 0) {
    yield* jsonlFormat(source, context);
    return;
  }
  const utf8 = await asUtf8(source);
  if (utf8.packed !== undefined) {
    yield* jsonlFormat(utf8.chunks, context);
    return;
  }
  const { start, chunks } = await peek(utf8.chunks, hasFirstLine);
  yield* (isJsonl(start) ? jsonlFormat : jsonArrayFormat)(chunks, context);
};

const jsonReader = sequential(jsonFormat);

function hasFirstLine(start: Buffer): boolean {
  const text = start.toString().trimStart();
  if (text === '') return false;
  return !text.startsWith('{') || text.includes('\n') || start.length >= MAX_FIRST_LINE_BYTES;
}

function isJsonl(start: Buffer): boolean {
  const text = start.toString().trimStart();
  if (!text.startsWith('{')) return false;
  const end = text.indexOf('\n');
  if (end === -1 && start.length >= MAX_FIRST_LINE_BYTES) return true;
  try {
    JSON.parse(end === -1 ? text : text.slice(0, end));
    return true;
  } catch {
    return false;
  }
}
