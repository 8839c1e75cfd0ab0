import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';

/** The text of a --prompt-file; undefined where none is named. */
export function promptTemplateOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the prompt file ${path}`, { cause, hint: 'name a text file that exists' });
  }
}
