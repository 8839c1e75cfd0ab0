import { type DataRecord, isRecord } from '../../src/record.js';

/** What a stage wrote of how it made its part of a record. */
export function provenanceOf(record: DataRecord | undefined, stage: string): DataRecord {
  const all = record?._rareflow;
  const one = isRecord(all) ? all[stage] : undefined;
  if (!isRecord(one)) throw new Error(`the record holds no provenance of ${stage}`);
  return one;
}
