import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../errors.js';
import { type DataRecord, isRecord } from '../record.js';
import type { Format } from './format.js';

/**
 * Writes LLaMA-Factory's `dataset_info.json` beside files, with an entry for each; entries of other files stay. An entry is named
 * after its file, or after its folder and its split: `dataset-train`.
 *
 * @throws OutputError if there is a `dataset_info.json` that is not a JSON object
 */
export async function writeDatasetInfo(
  folder: string,
  files: Iterable<string>,
  { llamaFactory }: Pick<Format, 'llamaFactory'>,
  prefix = '',
): Promise<void> {
  const target = path.join(folder, 'dataset_info.json');
  const earlier = await readFile(target, 'utf8').catch(() => '{}');
  const entries = [...files].map((file) => [
    `${prefix}${path.basename(file, path.extname(file))}`,
    { file_name: file, ...llamaFactory },
  ]);
  const merged = { ...earlierEntries(earlier, target), ...Object.fromEntries(entries) };
  await writeFile(target, `${JSON.stringify(merged, undefined, 2)}\n`);
}

function earlierEntries(text: string, target: string): DataRecord {
  try {
    const entries: unknown = JSON.parse(text);
    if (isRecord(entries)) return entries;
  } catch {
    // refused below
  }
  throw new OutputError('is not a JSON object, so the dataset cannot be added to it', {
    path: target,
    hint: 'move it away, or write to another folder',
  });
}
