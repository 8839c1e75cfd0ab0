import { fileLines } from '../read/fileLines.js';
import { AtomicFile } from './atomicFile.js';
import { csvLine } from './csvLine.js';
import { compressed } from './packing.js';
import { openParquet } from './parquet.js';
import { type RecordForm, recordFormOf } from './recordForm.js';
import { SeenValues } from './rowSchema.js';

export interface WriteFormOptions {
  signal?: AbortSignal | undefined;
}

/** Opens the lines of the records, once for each pass. */
type OpenLines = () => AsyncIterable<Buffer>;

/**
 * Writes files of JSON Lines, one after another, in the form that the name of the target asks for (`recordFormOf`): in one
 * streaming pass, in two for a table, whose columns are the keys of all records. The target is `TARGET.partial` until it is
 * complete; one that an earlier call left is replaced.
 *
 * @throws InputError if the records cannot be read; OutputError if the target cannot be written
 */
export async function writeForm(
  records: string | readonly string[],
  target: string,
  { signal }: WriteFormOptions = {},
): Promise<void> {
  const lines = () => linesOf([records].flat(), signal);
  const form = recordFormOf(target);
  const file = await AtomicFile.at(target);
  await file.remove();
  if (form.kind === 'parquet') return writeParquet(lines, target);
  await file.create();
  try {
    const bytes = batched(formTexts(lines, form));
    for await (const part of form.packing === undefined ? bytes : compressed(bytes, form.packing))
      await file.write(part);
    await file.commit();
  } finally {
    await file.discard();
  }
}

async function* linesOf(files: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (const file of files) {
    for await (const line of fileLines(file)) {
      signal?.throwIfAborted();
      yield line;
    }
  }
}

async function writeParquet(lines: OpenLines, target: string): Promise<void> {
  const sink = await openParquet(target, (await seenIn(lines)).rows());
  let isComplete = false;
  try {
    for await (const line of lines()) await sink.add(JSON.parse(line.toString()));
    await sink.commit();
    isComplete = true;
  } finally {
    if (!isComplete) await sink.abandon();
  }
}

/** Yields the text of a form before it is compressed. */
async function* formTexts(lines: OpenLines, { kind }: RecordForm): AsyncGenerator<string> {
  if (kind === 'csv' || kind === 'tsv') {
    const { keys } = await seenIn(lines);
    const delimiter = kind === 'csv' ? ',' : '\t';
    yield csvLine(keys, delimiter);
    for await (const line of lines()) {
      const record = JSON.parse(line.toString());
      yield csvLine(
        keys.map((key) => (Object.hasOwn(record, key) ? record[key] : undefined)),
        delimiter,
      );
    }
    return;
  }
  const isArray = kind === 'json';
  let before = isArray ? '[\n' : '';
  for await (const line of lines()) {
    yield `${before}${line}${isArray ? '' : '\n'}`;
    if (isArray) before = ',\n';
  }
  if (isArray) yield before === '[\n' ? '[]\n' : '\n]\n';
}

async function seenIn(lines: OpenLines): Promise<SeenValues> {
  const seen = new SeenValues();
  for await (const line of lines()) seen.addFields(JSON.parse(line.toString()));
  return seen;
}

const WRITTEN_CHARS = 256 * 1024;

async function* batched(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let batch = '';
  for await (const text of texts) {
    batch += text;
    if (batch.length < WRITTEN_CHARS) continue;
    yield Buffer.from(batch);
    batch = '';
  }
  yield Buffer.from(batch);
}
