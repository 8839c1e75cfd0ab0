import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob } from 'tinyglobby';
import { InputError } from '../../errors.js';

/** What a folder is searched for. */
const readable = '*.{jsonl,ndjson,json,jsonl.gz,ndjson.gz,json.gz,jsonl.zst,ndjson.zst,json.zst,parquet}';

/**
 * The files that some inputs name: a path or '-' stands for itself, a folder for the record files in it, not below it
 * (`.jsonl`, `.ndjson`, `.json`, each also `.gz` or `.zst`, and `.parquet`; hidden ones not), a pattern (`data/*.jsonl`,
 * `**`, `{a,b}`) for what it matches. Folders and patterns give their files in the order of their paths, each once.
 *
 * @throws InputError where a folder holds no such file or a pattern matches nothing
 */
export async function inputFiles(inputs: readonly string[]): Promise<string[]> {
  const files = await Promise.all(inputs.map(filesOf));
  return files.flat();
}

async function filesOf(input: string): Promise<string[]> {
  if (input === '-') return [input];
  const found = await stat(input).catch(() => undefined);
  if (found?.isDirectory()) return await search(readable, input, 'holds no record files (.jsonl, .json, .parquet, …)');
  if (found !== undefined || !/[*?{[]/.test(input)) return [input];
  return await search(input, undefined, 'no file matches it');
}

async function search(pattern: string, folder: string | undefined, none: string): Promise<string[]> {
  const files = await glob(pattern, {
    cwd: folder ?? '.',
    absolute: isAbsolute(pattern),
    expandDirectories: false,
    caseSensitiveMatch: folder === undefined,
  });
  if (files.length === 0) {
    throw new InputError(none, { path: folder ?? pattern, hint: 'Check the path, or name the files.' });
  }
  const paths = folder === undefined ? files : files.map((file) => join(folder, file));
  return paths.sort();
}
