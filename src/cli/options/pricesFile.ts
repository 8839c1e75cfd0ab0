import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import type { Prices } from '../../llm/cost/prices.js';
import { text } from '../../util/options.js';

export const pricesOption = text({
  help: 'what models cost, in dollars per million tokens: {"asOf": DATE, "models": {NAME: {"input", "cachedInput", "output"}}}',
  placeholder: '<file>',
  group: 'Money',
  shapesRecords: false,
});

/** The content of a prices file, unchecked: the reader of the prices checks their form. Undefined if no file is named. */
export function pricesOf(path: string | undefined): Prices | undefined {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(`the prices file ${path} ${what}`, { cause, hint: 'name a JSON file of prices' });
  }
}
