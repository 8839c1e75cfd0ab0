import type { DataRecord } from '../../record.js';

/** The key under which a record that was made from a row of another form keeps it; JSON does not show it. */
const rowKey = Symbol('rareflow.row');

/** A row of another form, and what mining must know of it. */
export interface MiningRow {
  row: DataRecord;
  /** Further positives: texts, ids or objects `{id, text}`. */
  further: unknown[];
  /** Texts that are negatives already. */
  taken: string[];
}

/** Returns the row that a record was made from, if it was made from one. */
export function miningRowOf(record: object): MiningRow | undefined {
  return (record as { [rowKey]?: MiningRow })[rowKey];
}

/** Returns a record for the miner, made from a row of another form; it keeps the number of its row in the input. */
export function asMiningRecord(made: MiningRow, fields: DataRecord): DataRecord {
  return { ...made.row, ...fields, [rowKey]: made };
}
