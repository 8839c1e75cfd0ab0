import { UsageError } from '../../errors.js';

/** The form of an output of records. */
export interface RecordForm {
  kind: 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet';
  packing?: 'gz' | 'zst' | undefined;
}

const KINDS: readonly RecordForm['kind'][] = ['json', 'csv', 'tsv', 'parquet'];

/** The extensions of forms that are not written: JSON Lines under such a name would mislead its reader. */
const OTHERS = /\.(arrow|feather|avro|orc|xlsx?|db|sqlite|bz2|xz|lz4|zip|7z|tar|tgz|parquet\.(gz|zst))$/i;

/**
 * Returns the form that the name of an output asks for: `.json` is an array, `.csv`, `.tsv` and `.parquet` are tables, and any
 * other name is JSON Lines; each but parquet may also end in `.gz` or `.zst`.
 *
 * @throws UsageError for the name of a form that is not written
 */
export function recordFormOf(path: string): RecordForm {
  const other = OTHERS.exec(path)?.[0];
  if (other !== undefined) {
    const hint = other.startsWith('.parquet.')
      ? 'parquet is compressed inside: name a .parquet file'
      : 'name a .jsonl, .json, .csv, .tsv or .parquet file, the first four also with .gz or .zst';
    throw new UsageError(`${path}: records are not written as ${other}`, { hint });
  }
  const [, name = path, packing] = /^(.*)\.(gz|zst)$/is.exec(path) ?? [];
  const kind = KINDS.find((one) => name.toLowerCase().endsWith(`.${one}`)) ?? 'jsonl';
  return packing === undefined ? { kind } : { kind, packing: packing.toLowerCase() as 'gz' | 'zst' };
}

/** Returns true for JSON Lines that are not packed: the form of a run that is not finished. */
export function isPlainJsonl({ kind, packing }: RecordForm): boolean {
  return kind === 'jsonl' && packing === undefined;
}

const KIND_NAMES: Record<RecordForm['kind'], string> = {
  jsonl: 'JSON Lines',
  json: 'a JSON array',
  csv: 'CSV',
  tsv: 'TSV',
  parquet: 'Parquet',
};

/** Returns the name of a form for people: `CSV, gzipped`. */
export function formName({ kind, packing }: RecordForm): string {
  const packed = { gz: ', gzipped', zst: ', compressed by Zstandard' };
  return `${KIND_NAMES[kind]}${packing === undefined ? '' : packed[packing]}`;
}
