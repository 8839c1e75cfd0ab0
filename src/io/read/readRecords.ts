import { readerOf } from './detectFormat.js';
import { inputFiles } from './inputFiles.js';
import type { ReadOptions } from './options.js';
import { RecordStream } from './recordStream.js';

/**
 * Reads the records of one or several inputs, one after another. An input is a file, '-' for standard input, a folder (the
 * record files in it, by name) or a pattern (`data/*.jsonl`).
 *
 * The name and the first bytes decide how a file is read, unless `inputFormat` does: `.parquet` as parquet; `.csv` and `.tsv` as
 * a table, with a header or with two columns, id and text; `.txt` and `.md` as one document, unless it holds JSON; all else as
 * JSON: a record per line, one array, one object that holds the array under a key such as `data`, or one object of columns.
 * Text may have `.gz` or `.zst` after its extension. All paths are looked up before the first record is yielded. Of parquet, the rows of one row group
 * are in memory at once, or 4,096 if its pages are indexed.
 *
 * @throws InputError as `readJsonl` and `readJsonArray` do, for a file in a format that is not read, and if a folder or a pattern
 *   has no file; UsageError for an unknown option or a value out of range
 */
export function readRecords(inputs: string | readonly string[], options: ReadOptions = {}): RecordStream {
  const { inputFormat = 'auto' } = options;
  return new RecordStream(
    'readRecords',
    () => inputFiles([inputs].flat(), { onNotice: options.onNotice }),
    (input, slice) => readerOf(input, inputFormat, slice),
    options,
  );
}
