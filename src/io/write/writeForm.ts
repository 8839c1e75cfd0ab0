import { fileLines } from '../read/fileLines.js';
import { AtomicFile } from './atomicFile.js';
import { csvLine } from './csvLine.js';
import { compressed } from './packing.js';
import { openParquet } from './parquet.js';
import { type RecordForm, recordFormOf } from './recordForm.js';
import { SeenValues } from './rowSchema.js';

/**
 * Writes a file of JSON Lines in the form that the name of the target asks for (`recordFormOf`): in one streaming pass, in two for a
 * table, whose columns are the keys of all records. The target is `TARGET.partial` until it is complete; one that an earlier call
 * left is replaced.
 *
 * @throws InputError if the records cannot be read; OutputError if the target cannot be written
 */
export async function writeForm(records: string, target: string): Promise<void> {
  const form = recordFormOf(target);
  const file = await AtomicFile.at(target);
  await file.remove();
  if (form.kind === 'parquet') return writeParquet(records, target);
  await file.create();
  try {
    const bytes = batched(formTexts(records, form));
    for await (const part of form.packing === undefined ? bytes : compressed(bytes, form.packing))
      await file.write(part);
    await file.commit();
  } finally {
    await file.discard();
  }
}

async function writeParquet(records: string, target: string): Promise<void> {
  const sink = await openParquet(target, (await seenIn(records)).rows());
  let isComplete = false;
  try {
    for await (const line of fileLines(records)) await sink.add(JSON.parse(line.toString()));
    await sink.commit();
    isComplete = true;
  } finally {
    if (!isComplete) await sink.abandon();
  }
}

/** Yields the text of a form before it is compressed. */
async function* formTexts(records: string, { kind }: RecordForm): AsyncGenerator<string> {
  if (kind === 'csv' || kind === 'tsv') {
    const { keys } = await seenIn(records);
    const delimiter = kind === 'csv' ? ',' : '\t';
    yield csvLine(keys, delimiter);
    for await (const line of fileLines(records)) {
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
  for await (const line of fileLines(records)) {
    yield `${before}${line}${isArray ? '' : '\n'}`;
    if (isArray) before = ',\n';
  }
  if (isArray) yield before === '[\n' ? '[]\n' : '\n]\n';
}

async function seenIn(records: string): Promise<SeenValues> {
  const seen = new SeenValues();
  for await (const line of fileLines(records)) seen.addFields(JSON.parse(line.toString()));
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
