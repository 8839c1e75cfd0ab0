import { InputError } from '../../errors.js';
import { binaryReason } from '../parse/binaryFormats.js';
import { type BadLine, JsonLines, type ParsedLines } from '../parse/jsonLines.js';
import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import type { ReadOptions } from './options.js';
import { noPlaces } from './places.js';
import { type FormatContext, type RecordBatch, type RecordFormat, RecordStream, sequential } from './recordStream.js';

/**
 * Reads the records of a JSONL file, in order: `for await (const record of readJsonl('corpus.jsonl'))`.
 *
 * The input is a path (decompressed if it ends in .gz or .zst), '-' for standard input, or a Readable of bytes. Each iteration
 * opens the path again. A record is yielded as soon as its newline has come. Blank lines, CRLF, byte-order marks and UTF-16
 * are understood. A value that is not an object (`null`, `42`, `[]`) is yielded as it is. A line that is not JSON, is not
 * UTF-8, or is longer than `maxLineBytes` goes to `rejects` as `{stage: 'read', reason, path, line, text}`.
 *
 * @throws InputError if the input cannot be read or decompressed (after the records before the damage), or at the first
 *   bad line if `onBadLine` is 'stop'; UsageError for an unknown option or a value out of range
 */
export function readJsonl(input: Input, options: ReadOptions = {}): RecordStream {
  return new RecordStream(
    'readJsonl',
    async () => [input],
    () => jsonlReader,
    options,
  );
}

/** JSON Lines. */
export const jsonlFormat: RecordFormat = async function* (source, context) {
  const { line = 0 } = context.from ?? {};
  const { chunks, packed, recoded } = context.isEntered
    ? { chunks: source, packed: undefined, recoded: false }
    : await asUtf8(source);
  if (packed !== undefined) {
    await rejectBadLine({ reason: binaryReason(packed, context.path), line: 1, text: '' }, context);
    return;
  }
  if (recoded && context.places) throw noPlaces(context.path, 'is UTF-16');
  context.format(recoded ? 'JSON Lines in UTF-16' : 'JSON Lines');
  const lines = new JsonLines(context.maxLineBytes, context.places, line);
  for await (const chunk of chunks) {
    yield* readInOrder(lines.push(chunk.bytes), chunk.rawBytes, context);
    context.canResumeAt?.(chunk, chunk.bytes.length - lines.heldBytes, lines.line);
  }
  yield* readInOrder(lines.end(), 0, context);
};

export const jsonlReader = sequential(jsonlFormat);

/** Yields records and rejects bad lines in their order. */
export async function* readInOrder(
  { records, places, bad }: ParsedLines,
  rawBytes: number,
  context: FormatContext,
): AsyncGenerator<RecordBatch> {
  let given = 0;
  for (const { after, badLine } of bad) {
    if (after > given) {
      yield { records: records.slice(given, after), places: places?.slice(given, after), rawBytes: 0 };
    }
    given = after;
    await rejectBadLine(badLine, context);
  }
  yield { records: given === 0 ? records : records.slice(given), places: places?.slice(given), rawBytes };
}

/** Rejects a bad line, or throws InputError if bad lines stop the run. */
export async function rejectBadLine(
  { reason, line: lineOfSlice, text }: BadLine,
  { path, onBadLine, rejects, linesBefore }: FormatContext,
): Promise<void> {
  const line = lineOfSlice + ((await linesBefore?.()) ?? 0);
  if (onBadLine === 'stop') {
    throw new InputError(reason, {
      path,
      line,
      hint: 'fix the line, or have bad lines rejected (onBadLine: reject)',
    });
  }
  await rejects({ stage: 'read', reason, path, line, text });
}
