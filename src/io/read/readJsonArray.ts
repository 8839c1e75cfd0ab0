import { InputError } from '../../errors.js';
import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import { ArrayDamage, JsonArray } from './jsonArray.js';
import { looksPacked } from './readJsonl.js';
import { type Format, type ReadOptions, RecordStream, sequential } from './recordStream.js';

/**
 * The elements of a JSON file that is one array, of any size, pretty-printed or not; inputs and options as in `readJsonl`.
 * There are no bad lines to skip here: `onBadLine`, `rejects` and `maxLineBytes` do nothing.
 *
 * @throws InputError if the input cannot be read, holds no array, or where the array is damaged or cut off (after the
 *   records before that; the damage is in the line `line` or below)
 */
export function readJsonArray(input: Input, options: ReadOptions = {}): RecordStream {
  return new RecordStream(
    async () => [input],
    () => readerOfArray,
    options,
  );
}

/** One JSON array. */
export const jsonArray: Format = async function* (source, { path }) {
  const { chunks, packed } = await asUtf8(source);
  if (packed !== undefined) throw new InputError(looksPacked(packed, path), { path });
  const array = new JsonArray();
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
};

const readerOfArray = sequential(jsonArray);
