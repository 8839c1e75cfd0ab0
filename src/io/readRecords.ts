import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import { peek } from './peek.js';
import { jsonArray } from './readJsonArray.js';
import { jsonl } from './readJsonl.js';
import { type Format, type ReadOptions, RecordStream } from './recordStream.js';

/**
 * The records of one or several files, one after another, each read as its name says: `.json` as an array, everything
 * else (`.jsonl`, `.ndjson`, no ending, '-' for standard input) as JSONL; each also with `.gz` after it.
 *
 * Many people name JSONL `.json`: a `.json` file that starts with `{` is read as JSONL if its first line is a whole
 * JSON value (or has not ended after 1 MiB). A file that holds one object on one line so gives one record; one that is
 * spread over several lines is an InputError. All paths are looked up before the first record is given.
 *
 * @throws InputError as `readJsonl` and `readJsonArray` do
 */
export function readRecords(inputs: string | readonly string[], options: ReadOptions = {}): RecordStream {
  return new RecordStream(typeof inputs === 'string' ? [inputs] : inputs, formatOf, options);
}

function formatOf(input: Input): Format {
  return typeof input === 'string' && /\.json(\.gz)?$/i.test(input) ? json : jsonl;
}

const firstLineCap = 1024 * 1024;

/** An array, or JSON Lines under the name of one. */
const json: Format = async function* (source, context) {
  const utf8 = await asUtf8(source);
  if (utf8.packed !== undefined) {
    yield* jsonl(utf8.chunks, context);
    return;
  }
  const { start, chunks } = await peek(utf8.chunks, knowsFirstLine);
  yield* (isJsonl(start) ? jsonl : jsonArray)(chunks, context);
};

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
