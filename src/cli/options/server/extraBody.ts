import { readFileSync } from 'node:fs';
import { UsageError } from '../../../errors.js';
import { modelOptions } from '../../../llm/options.js';

const { extraBody } = modelOptions;

/** `--extra-body JSON` or `--extra-body @FILE`. */
export const extraBodyOption: typeof extraBody = {
  ...extraBody,
  help: 'more fields of the body of each request, as JSON or in a file: {"top_k": 20}, @extra.json',
  placeholder: '<json|@file>',
  parse: (text) => extraBody.parse(text.startsWith('@') ? textOf(text.slice(1)) : text),
};

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the extra body ${file}`, { cause, hint: 'name a JSON file that exists' });
  }
}
