import { closest, distance } from 'fastest-levenshtein';
import { UsageError } from '../errors.js';

/** Describes a value for messages: `null`, `a list`, `an object`, `the string "abc"`, `-1`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  return String(value);
}

/** Returns the error for a value that cannot be used: `k1 must be >= 0, got -1`. */
export function mustBe(name: string, expected: string, got: unknown, hint?: string): UsageError {
  return new UsageError(`${name} must be ${expected}, got ${describe(got)}`, { hint });
}

/** Returns the error for an unknown name, with the nearest known one as its hint: `no sampling is named "tpo"`. */
export function unknownName(kind: string, name: string, known: readonly string[]): UsageError {
  return new UsageError(`no ${kind} is named ${JSON.stringify(name)}`, {
    hint: suggestion(name, known) ?? `use one of ${known.join(', ')}`,
  });
}

/** Returns `did you mean queriesPerDoc?` if one of the known names is close enough. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(name, known);
  return distance(name, nearest) <= (name.length < 3 ? 1 : Math.max(2, name.length / 3))
    ? `did you mean ${nearest}?`
    : undefined;
}

/** Throws UsageError unless a value is a whole number >= `min`. */
export function requireWholeNumber(name: string, value: number, min = 1): void {
  if (!Number.isSafeInteger(value) || value < min) throw mustBe(name, `a whole number >= ${min}`, value);
}
