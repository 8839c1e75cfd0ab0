import { isRecord } from '../record.js';
import { Distribution } from '../report/distribution.js';
import { describe } from '../util/check.js';

/** Further keys are only counted: a table may have a column for each of its rows. */
const MAX_KEYS_TRACKED = 300;
/** Longer keys are only counted too: they are data, and a table of them is not read. */
const MAX_KEY_CHARS = 500;
/** Paths are followed to this depth. */
const MAX_PATH_DEPTH = 3;
const EXAMPLE_CHARS = 60;

/** The facts about a key, or about a path such as `data.text`. */
export interface KeyFacts {
  key: string;
  /** The records that have it, with a value other than null. */
  present: number;
  /** The number of values of each type: string, number, boolean, list, object, null. */
  types: Record<string, number>;
  /** The lengths of its texts in characters, and of its lists in items. */
  length?: { median: number; p90: number; max: number };
  example: string;
}

interface Tracked {
  present: number;
  types: Record<string, number>;
  lengths: Distribution;
  example: string;
}

/** Collects the keys of records, their types and lengths, in bounded memory. */
export class KeyStatistics {
  /** Keys beyond the first 300, and those over 500 characters. */
  untracked = 0;
  readonly #keys = new Map<string, Tracked>();

  add(record: object): void {
    this.#addObject(record, '', 1);
  }

  /** Returns the facts in the order in which the keys were first met; a path comes after the key that it starts with. */
  get facts(): KeyFacts[] {
    return [...this.#keys].map(([key, { present, types, lengths, example }]) => ({
      key,
      present,
      types,
      ...(lengths.count > 0 && {
        length: { median: lengths.quantile(0.5), p90: lengths.quantile(0.9), max: lengths.max },
      }),
      example,
    }));
  }

  #addObject(object: object, prefix: string, depth: number): void {
    for (const name in object) {
      const key = prefix + name;
      const value = (object as Record<string, unknown>)[name];
      if (!this.#addValue(key, value)) continue;
      if (isRecord(value) && depth < MAX_PATH_DEPTH) this.#addObject(value, `${key}.`, depth + 1);
    }
  }

  #addValue(key: string, value: unknown): boolean {
    let tracked = this.#keys.get(key);
    if (tracked === undefined) {
      if (this.#keys.size === MAX_KEYS_TRACKED || key.length > MAX_KEY_CHARS) {
        this.untracked++;
        return false;
      }
      tracked = { present: 0, types: {}, lengths: new Distribution(), example: '' };
      this.#keys.set(key, tracked);
    }
    const type = typeOf(value);
    tracked.types[type] = (tracked.types[type] ?? 0) + 1;
    if (value !== null && value !== undefined) tracked.present++;
    if (typeof value === 'string' || Array.isArray(value)) tracked.lengths.add(value.length);
    if (tracked.example === '' && value !== null && value !== '') tracked.example = shownExample(value);
    return true;
  }
}

/** Returns the name of a type as JSON knows it. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function shownExample(value: unknown): string {
  if (Array.isArray(value))
    return value.length === 0 ? '[]' : `[${shownExample(value[0])}${value.length > 1 ? ', …' : ''}]`;
  if (typeof value === 'object') return describe(value);
  const text = String(value).replace(/\s+/g, ' ').slice(0, EXAMPLE_CHARS);
  return String(value).length > EXAMPLE_CHARS ? `${text}…` : text;
}
