import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';
import type { Prices } from '../../llm/cost/prices.js';

/** What a --prices file holds; its form is checked by whoever reads prices out of it. Undefined where none is named. */
export function pricesOf(path: string | undefined): Prices | undefined {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(`the prices file ${path} ${what}`, { cause, hint: 'name a JSON file of prices' });
  }
}
