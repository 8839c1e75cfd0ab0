import { UsageError } from '../../errors.js';
import { type Input, inputName, isPackedName } from './input.js';

/** Throws UsageError for an input whose records cannot be read again by their locations. `isFile` is false for a pipe. */
export function requirePlaces(input: Input, isFile: boolean): void {
  const name = inputName(input);
  if (typeof input !== 'string' || input === '-' || !isFile) throw noPlaces(name, 'is not a file');
  if (isPackedName(input)) throw noPlaces(name, 'is compressed');
  if (/\.(json|parquet|csv|tsv|tab|txt|text|md|markdown)$/i.test(input))
    throw noPlaces(name, 'is not a JSONL file by its name');
}

/** Returns the error for an input whose records have no locations in a file. */
export function noPlaces(path: string, reason: string): UsageError {
  return new UsageError(`${path} ${reason}: its records cannot be read again one by one`, {
    hint: 'use a plain JSONL file in UTF-8, or store the texts in the index (leave out --no-store)',
  });
}
