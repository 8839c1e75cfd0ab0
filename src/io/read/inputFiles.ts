import { existsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { glob } from 'tinyglobby';
import { InputError } from '../../errors.js';

/** The record files of a folder; its text files are documents if it has none. */
const RECORD_FILES = '*.{jsonl,ndjson,json,csv,tsv}{,.gz,.zst}';
const TEXT_FILES = '*.{txt,text,md,markdown}{,.gz,.zst}';

export interface InputFilesOptions {
  /**
   * Leave out what is not a document: the queries of a BEIR folder, and the outputs of earlier runs in folders and
   * patterns that hold other files. Default false.
   */
  documentsOnly?: boolean | undefined;
  /** Receives a remark on files that are left out. */
  onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Resolves inputs to files: a path or '-' means itself, a folder the record files directly in it (`.jsonl`, `.ndjson`,
 * `.json`, `.csv`, `.tsv`, each also `.gz` or `.zst`, and `.parquet`; no hidden ones), or its text files (`.txt`, `.md`) if it has no
 * others, a pattern (`data/*.jsonl`, `**`, `{a,b}`) what it matches. The files of a folder or pattern are sorted by path, each
 * once. The rejects and the state of earlier runs are left out of them if other files remain.
 *
 * @throws InputError if a folder holds no such file or a pattern matches nothing
 */
export async function inputFiles(inputs: readonly string[], options: InputFilesOptions = {}): Promise<string[]> {
  const files = await Promise.all(inputs.map((input) => filesOf(input, options)));
  return files.flat();
}

async function filesOf(input: string, options: InputFilesOptions): Promise<string[]> {
  if (input === '-') return [input];
  const found = await stat(input).catch(() => undefined);
  if (found?.isDirectory()) return await filesInFolder(input, options);
  if (found !== undefined || !/[*?{[]/.test(input)) return [input];
  const matches = await search(input);
  if (matches.length === 0) throw noFiles(input, 'no file matches it');
  return withoutOurs(input, matches, options);
}

async function filesInFolder(folder: string, options: InputFilesOptions): Promise<string[]> {
  const records = withoutQueries(folder, await search([RECORD_FILES, '*.parquet'], folder), options);
  if (records.length > 0) return withoutOurs(folder, records, options);
  const texts = await search(TEXT_FILES, folder);
  if (texts.length === 0)
    throw noFiles(folder, 'holds no record files (.jsonl, .json, .csv, .parquet, …) and no texts');
  return texts;
}

function noFiles(path: string, reason: string): InputError {
  return new InputError(reason, { path, hint: 'check the path, or name the files' });
}

async function search(pattern: string | string[], folder?: string): Promise<string[]> {
  const files = await glob(pattern, {
    cwd: folder ?? '.',
    absolute: [pattern].flat().some(isAbsolute),
    // LLaMA-Factory's, which export writes beside rows.
    ignore: folder === undefined ? [] : ['dataset_info.json'],
    expandDirectories: false,
    caseSensitiveMatch: folder === undefined,
  });
  return (folder === undefined ? files : files.map((file) => join(folder, file))).sort();
}

/** Returns true for a folder of BEIR: it holds `queries.jsonl` and `qrels/`. */
export function isBeirFolder(folder: string): boolean {
  const isFolder = (name: string) => statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder(folder) && existsSync(join(folder, 'queries.jsonl')) && isFolder(join(folder, 'qrels'));
}

/** Leaves out the queries of a BEIR folder: among its documents they would be the best matches of themselves. */
function withoutQueries(folder: string, files: string[], { documentsOnly, onNotice }: InputFilesOptions): string[] {
  if (documentsOnly !== true || !isBeirFolder(folder)) return files;
  const documents = files.filter((file) => basename(file) !== 'queries.jsonl');
  if (documents.length === 0) return files;
  onNotice?.(`${folder} is a BEIR folder: its queries are left out of the documents`);
  return documents;
}

/** Leaves out what earlier runs have written, unless nothing else remains. */
function withoutOurs(input: string, files: string[], { documentsOnly, onNotice }: InputFilesOptions): string[] {
  const isOurs = (file: string) => isState(file) || (documentsOnly === true && existsSync(`${file}.rareflow`));
  const others = files.filter((file) => !isOurs(file));
  if (others.length === 0 || others.length === files.length) return files;
  const left = files.filter(isOurs);
  const shown = left.slice(0, 3).join(', ') + (left.length > 3 ? ` and ${left.length - 3} more` : '');
  onNotice?.(`${input}: left out what earlier runs have written: ${shown}; name such files to read them`);
  return others;
}

/** Returns true for the rejects of a run, and for a file of its state. */
const isState = (file: string): boolean => /\.rejects(\.old)?\.jsonl$|\.rareflow[\\/]|\.bm25[\\/]/.test(file);
