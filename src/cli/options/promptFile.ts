import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import { text } from '../../util/options.js';

/** The file of a custom prompt. The settings of a run hold the version of the prompt, not the name of the file. */
export const promptFileOption = (placeholders: string) =>
  text({ help: `a file with a custom prompt, with ${placeholders}`, placeholder: '<file>', shapesRecords: false });

/** The text of a prompt file; undefined if none is named. */
export function promptTemplateOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the prompt file ${path}`, { cause, hint: 'name a text file that exists' });
  }
}
