import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob } from 'tinyglobby';
import { InputError } from '../../errors.js';

/** The record files of a folder. */
const RECORD_FILES = '*.{jsonl,ndjson,json,jsonl.gz,ndjson.gz,json.gz,jsonl.zst,ndjson.zst,json.zst,parquet}';

/**
 * Resolves inputs to files: a path or '-' means itself, a folder the record files directly in it (`.jsonl`, `.ndjson`,
 * `.json`, each also `.gz` or `.zst`, and `.parquet`; no hidden ones), a pattern (`data/*.jsonl`, `**`, `{a,b}`) what it
 * matches. The files of a folder or pattern are sorted by path, each once.
 *
 * @throws InputError if a folder holds no such file or a pattern matches nothing
 */
export async function inputFiles(inputs: readonly string[]): Promise<string[]> {
  const files = await Promise.all(inputs.map(filesOf));
  return files.flat();
}

async function filesOf(input: string): Promise<string[]> {
  if (input === '-') return [input];
  const found = await stat(input).catch(() => undefined);
  if (found?.isDirectory())
    return await search(RECORD_FILES, input, 'holds no record files (.jsonl, .json, .parquet, …)');
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
