import { UsageError } from '../../errors.js';
import { type Input, inputName } from './input.js';

/** Throws UsageError for an input whose records cannot be read again by their places. `isFile` is false for a pipe. */
export function requirePlaces(input: Input, isFile: boolean): void {
  const name = inputName(input);
  if (typeof input !== 'string' || input === '-' || !isFile) throw noPlaces(name, 'is no file');
  if (/\.(gz|zst)$/i.test(input)) throw noPlaces(name, 'is compressed');
  if (/\.(json|parquet)$/i.test(input)) throw noPlaces(name, 'is no JSONL file by its name');
}

export function noPlaces(path: string, why: string): UsageError {
  return new UsageError(`${path} ${why}: its records cannot be read again one by one`, {
    hint: 'that takes a plain JSONL file, in UTF-8; for others, store the texts in the index (leave out --no-store)',
  });
}
