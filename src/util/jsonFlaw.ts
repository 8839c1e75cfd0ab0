import { MAX_NESTING } from './boundedJson.js';

const NOT_FINITE =
  'a number is beyond the range of a double (1.8e308), which JSON.parse reads as Infinity: write it as a string';
const TOO_DEEP = `nested more than ${MAX_NESTING} levels deep: flatten it, or write the inner part as a string`;

/**
 * Returns why a parsed value could not be written again as it was read, undefined if it could. JSON.parse makes Infinity of
 * a number beyond the range of a double (1e999), which JSON.stringify would write as null, and it reads what is nested too
 * deep for JSON.stringify.
 */
export function jsonFlaw(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : NOT_FINITE;
  if (typeof value !== 'object' || value === null) return undefined;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_NESTING) return TOO_DEEP;
    const inner: object[] = [];
    for (const container of level) if (!holdsFinite(container, inner)) return NOT_FINITE;
    level = inner;
  }
  return undefined;
}

/** Checks the numbers of one container, without recursion: a line may be nested a million deep. Adds the inner containers to `open`. */
function holdsFinite(container: object, open: object[]): boolean {
  if (Array.isArray(container)) {
    for (const item of container) {
      if (typeof item === 'number' && !Number.isFinite(item)) return false;
      if (typeof item === 'object' && item !== null) open.push(item);
    }
    return true;
  }
  // for…in makes no array of the values, which took a quarter of the time of parsing.
  for (const key in container) {
    const item = (container as Record<string, unknown>)[key];
    if (typeof item === 'number' && !Number.isFinite(item)) return false;
    if (typeof item === 'object' && item !== null) open.push(item);
  }
  return true;
}
