import type { DataRecord } from '../record.js';

/**
 * Where a record stood in the input, kept under a symbol: `{ ...record }` copies it, so that every operator which adds
 * fields carries it along, and JSON does not show it.
 */
const ordinalKey = Symbol('rareflow.ordinal');

type Numbered = DataRecord & { [ordinalKey]?: number };

/**
 * Gives a record its place in the input, from 0. It is marked itself, as a copy of each would cost a tenth of a fast run; one
 * that is frozen, or has a place already because the source gives it more than once, is copied.
 */
export function withOrdinal(record: DataRecord, ordinal: number): DataRecord {
  if (ordinalOf(record) !== undefined || !Object.isExtensible(record)) return { ...record, [ordinalKey]: ordinal };
  (record as Numbered)[ordinalKey] = ordinal;
  return record;
}

/** The place of the input record that a value came from; undefined where no run gave it one, or an operator lost it. */
export function ordinalOf(value: unknown): number | undefined {
  return typeof value === 'object' && value !== null ? (value as Numbered)[ordinalKey] : undefined;
}

/** `made` in the place of `record`: for operators that make a new object instead of spreading the one they got. */
export function inPlaceOf(record: DataRecord, made: DataRecord): DataRecord {
  const ordinal = ordinalOf(record);
  return ordinal === undefined ? made : withOrdinal(made, ordinal);
}
