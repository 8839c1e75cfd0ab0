import { rm } from 'node:fs/promises';
import { operator, type PassThrough } from '../../flow/operator.js';
import { checkOutputFile } from './atomicFile.js';
import { isPlainJsonl, recordFormOf } from './recordForm.js';
import { writeForm } from './writeForm.js';
import { type WriteJsonlOptions, writeJsonl } from './writeJsonl.js';

/**
 * Writes each record and passes it on, in the form that the name of the file asks for: `.json` (an array), `.csv`, `.tsv`,
 * `.parquet`, or JSON Lines; each but parquet also `.gz` or `.zst`.
 *
 * JSON Lines are written as `writeJsonl` writes them. For other forms `PATH.records.jsonl` is written first, in the same way, and
 * removed when PATH has been made from it; left early, `PATH.records.jsonl.partial` stays.
 *
 * @throws UsageError for an unknown option or the name of a form that is not written; OutputError as `writeJsonl`
 */
export function writeRecords(path: string, options: WriteJsonlOptions = {}): PassThrough {
  if (isPlainJsonl(recordFormOf(path))) return writeJsonl(path, options);
  const records = `${path}.records.jsonl`;
  const write = writeJsonl(records, options) as PassThrough;
  return operator<object, object>(async function* (source, context) {
    await checkOutputFile(path);
    yield* write(source, context);
    await writeForm(records, path);
    await rm(records);
  }, 'writeRecords') as PassThrough;
}
