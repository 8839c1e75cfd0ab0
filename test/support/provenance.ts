import { type DataRecord, isRecord } from '../../src/record.js';

/** Returns what a stage wrote about how it made its part of a record. */
export function provenanceOf(record: DataRecord | undefined, stage: string): DataRecord {
  const all = record?._rareflow;
  const one = isRecord(all) ? all[stage] : undefined;
  if (!isRecord(one)) throw new Error(`the record has no provenance of ${stage}`);
  return one;
}
