import { InputError } from '../../errors.js';
import { binaryReason } from '../parse/binaryFormats.js';
import { ArrayDamage, JsonArray } from '../parse/jsonArray.js';
import type { Chunk } from './byteChunks.js';
import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import type { ReadOptions } from './options.js';
import { type FormatContext, type RecordBatch, type RecordFormat, RecordStream, sequential } from './recordStream.js';

/**
 * Reads the elements of a JSON file that is one array, of any size, pretty-printed or not; inputs and options as in
 * `readJsonl`. An array has no bad lines to skip: `onBadLine` and `rejects` do nothing, and an element longer than `maxLineBytes` ends
 * the reading.
 *
 * @throws InputError if the input cannot be read, is not an array, or if the array is damaged, cut off or has too long an element (after the records
 *   before that; the damage is in the line `line` or below); UsageError for an unknown option or a value out of range
 */
export function readJsonArray(input: Input, options: ReadOptions = {}): RecordStream {
  return new RecordStream(
    'readJsonArray',
    async () => [input],
    () => arrayReader,
    options,
  );
}

/** One JSON array. */
export const jsonArrayFormat: RecordFormat = (source, context) => readArray(source, context);

/** Reads one JSON array, which an object may hold under the key `wrapper`. */
export async function* readArray(
  source: AsyncIterable<Chunk>,
  { path, maxLineBytes, format }: FormatContext,
  wrapper?: string,
): AsyncGenerator<RecordBatch> {
  const { chunks, packed } = await asUtf8(source);
  if (packed !== undefined) throw new InputError(binaryReason(packed, path), { path });
  format(wrapper === undefined ? 'a JSON array' : `a JSON object with a list under ${JSON.stringify(wrapper)}`);
  const array = new JsonArray(maxLineBytes, wrapper);
  let records: unknown[] = [];
  try {
    for await (const { bytes, rawBytes } of chunks) {
      array.push(bytes, records);
      yield { records, rawBytes };
      records = [];
    }
    array.end(records);
  } catch (cause) {
    if (!(cause instanceof ArrayDamage)) throw cause;
    yield { records, rawBytes: 0 };
    throw new InputError(cause.reason, { path, line: cause.line, hint: cause.hint, cause });
  }
  yield { records, rawBytes: 0 };
}

const arrayReader = sequential(jsonArrayFormat);
