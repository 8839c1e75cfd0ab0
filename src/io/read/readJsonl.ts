import { InputError } from '../../errors.js';
import { asUtf8 } from './encoding.js';
import type { Input } from './input.js';
import { type BadLine, JsonLines, type ParsedLines } from './jsonLines.js';
import { noPlaces } from './places.js';
import {
  type Batch,
  type Format,
  type FormatContext,
  type ReadOptions,
  RecordStream,
  sequential,
} from './recordStream.js';

/**
 * The records of a JSONL file, in order: `for await (const record of readJsonl('corpus.jsonl'))`.
 *
 * The input is a path (unpacked if it ends in .gz or .zst), '-' for standard input, or a Readable of bytes. A path is opened
 * anew by each iteration. A line is given as soon as its newline has come. Blank lines, CRLF, byte-order marks and UTF-16
 * are understood. A value that is no object (`null`, `42`, `[]`) is given as it is. A line that is no JSON, is not UTF-8,
 * or is longer than `maxLineBytes` goes to `rejects` as `{stage: 'read', reason, path, line, text}`.
 *
 * @throws InputError if the input cannot be read or decompressed (after the records before the damage), or at the first
 *   bad line where `onBadLine` is 'stop'
 */
export function readJsonl(input: Input, options: ReadOptions = {}): RecordStream {
  return new RecordStream(
    async () => [input],
    () => readerOfJsonl,
    options,
  );
}

/** JSON Lines. */
export const jsonl: Format = async function* (source, context) {
  const { line = 0 } = context.from ?? {};
  const { chunks, packed, recoded } =
    line > 0 ? { chunks: source, packed: undefined, recoded: false } : await asUtf8(source);
  if (packed !== undefined) {
    await refuse({ reason: looksPacked(packed, context.path), line: 1, text: '' }, context);
    return;
  }
  if (recoded && context.places) throw noPlaces(context.path, 'is UTF-16');
  const lines = new JsonLines(context.maxLineBytes, context.places, line);
  for await (const chunk of chunks) {
    yield* deliver(lines.push(chunk.bytes), chunk.rawBytes, context);
    context.canEnter?.(chunk, chunk.bytes.length - lines.place.heldBytes, lines.place.line);
  }
  yield* deliver(lines.end(), 0, context);
};

export const readerOfJsonl = sequential(jsonl);

/** Gives records and bad lines in their order. */
async function* deliver(
  { records, places, bad }: ParsedLines,
  rawBytes: number,
  context: FormatContext,
): AsyncGenerator<Batch> {
  let given = 0;
  for (const { after, badLine } of bad) {
    if (after > given) {
      yield { records: records.slice(given, after), places: places?.slice(given, after), rawBytes: 0 };
    }
    given = after;
    await refuse(badLine, context);
  }
  yield { records: given === 0 ? records : records.slice(given), places: places?.slice(given), rawBytes };
}

async function refuse({ reason, line, text }: BadLine, { path, onBadLine, rejects }: FormatContext): Promise<void> {
  if (onBadLine === 'stop') {
    throw new InputError(reason, {
      path,
      line,
      hint: 'Mend the line, or have bad lines rejected (onBadLine: reject).',
    });
  }
  await rejects({ stage: 'read', reason, path, line, text });
}

/** The packed formats that are read, by the ending that says so. */
const endings: Record<string, string> = { gzip: '.gz', zstd: '.zst', parquet: '.parquet' };

export function looksPacked(packed: string, path: string): string {
  const ending = endings[packed];
  if (ending === undefined) return `looks like ${packed}, not text: unpack it first`;
  return `looks like ${packed}: ${path === 'stdin' ? 'unpack it first' : `name it ${ending}`}`;
}
