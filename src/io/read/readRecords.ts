import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import { inputFiles } from './inputFiles.js';
import { parquet } from './parquet.js';
import { peek } from './peek.js';
import { jsonArray } from './readJsonArray.js';
import { jsonl, readerOfJsonl } from './readJsonl.js';
import { type Format, type Reader, type ReadOptions, RecordStream, sequential } from './recordStream.js';

/**
 * The records of one or several inputs, one after another. An input is a file, '-' for standard input, a folder (the record
 * files in it, by name) or a pattern (`data/*.jsonl`). A file is read as its name says: `.json` as an array,
 * `.parquet` as that, everything else (`.jsonl`, `.ndjson`, no ending, standard input) as JSONL; text also with `.gz` or
 * `.zst` after it.
 *
 * Many people name JSONL `.json`: a `.json` file that starts with `{` is read as JSONL if its first line is a whole
 * JSON value (or has not ended after 1 MiB). A file that holds one object on one line so gives one record; one that is
 * spread over several lines is an InputError. All paths are looked up before the first record is given. Of parquet, the
 * rows of one row group are in memory at once, or 4,096 where its pages are indexed.
 *
 * @throws InputError as `readJsonl` and `readJsonArray` do, and where a folder or a pattern gives no file
 */
export function readRecords(inputs: string | readonly string[], options: ReadOptions = {}): RecordStream {
  return new RecordStream(() => inputFiles(typeof inputs === 'string' ? [inputs] : inputs), readerOf, options);
}

function readerOf(input: Input): Reader {
  const name = typeof input === 'string' ? input : '';
  if (/\.parquet$/i.test(name)) return parquet;
  return /\.json(\.gz|\.zst)?$/i.test(name) ? readerOfJson : readerOfJsonl;
}

const firstLineCap = 1024 * 1024;

/** An array, or JSON Lines under the name of one. */
const json: Format = async function* (source, context) {
  if (context.from !== undefined && context.from.line > 0) {
    yield* jsonl(source, context);
    return;
  }
  const utf8 = await asUtf8(source);
  if (utf8.packed !== undefined) {
    yield* jsonl(utf8.chunks, context);
    return;
  }
  const { start, chunks } = await peek(utf8.chunks, knowsFirstLine);
  yield* (isJsonl(start) ? jsonl : jsonArray)(chunks, context);
};

const readerOfJson = sequential(json);

function knowsFirstLine(start: Buffer): boolean {
  const text = start.toString().trimStart();
  if (text === '') return false;
  return !text.startsWith('{') || text.includes('\n') || start.length >= firstLineCap;
}

function isJsonl(start: Buffer): boolean {
  const text = start.toString().trimStart();
  if (!text.startsWith('{')) return false;
  const end = text.indexOf('\n');
  if (end === -1 && start.length >= firstLineCap) return true;
  try {
    JSON.parse(end === -1 ? text : text.slice(0, end));
    return true;
  } catch {
    return false;
  }
}
