import type { DataRecord } from '../record.js';

/**
 * The number of an input record, kept under a symbol: `{ ...record }` copies it, so every operator that adds fields keeps
 * it, and JSON does not show it.
 */
const ordinalKey = Symbol('rareflow.ordinal');

type NumberedRecord = DataRecord & { [ordinalKey]?: number };

/**
 * Numbers a record of the input, from 0. The record itself is marked, as a copy of each would cost a tenth of a fast run; one
 * that is frozen, or has a number already because the source yields it more than once, is copied.
 */
export function withOrdinal(record: DataRecord, ordinal: number): DataRecord {
  if (ordinalOf(record) !== undefined || !Object.isExtensible(record)) return { ...record, [ordinalKey]: ordinal };
  (record as NumberedRecord)[ordinalKey] = ordinal;
  return record;
}

/** Returns the number of the input record that a value came from; undefined if it has none, or an operator lost it. */
export function ordinalOf(value: unknown): number | undefined {
  return typeof value === 'object' && value !== null ? (value as NumberedRecord)[ordinalKey] : undefined;
}

/** Numbers `made` like `record`: for operators that make a new object instead of spreading the one they got. */
export function inPlaceOf(record: DataRecord, made: DataRecord): DataRecord {
  const ordinal = ordinalOf(record);
  return ordinal === undefined ? made : withOrdinal(made, ordinal);
}
