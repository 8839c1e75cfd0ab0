import { InputError } from '../../errors.js';
import type { Rejects } from '../../flow/rejects.js';
import { type DataRecord, isRecord } from '../../record.js';
import type { PlaceFinder, TextPlace } from '../format/externalTexts.js';

/** A record as the index takes it. */
export interface CorpusDocument {
  id: string;
  text: string;
  group?: string | undefined;
  place?: TextPlace | undefined;
}

export interface CorpusKeys {
  textKey: string;
  idKey: string;
  /** The key of what documents may have in common, where the index keeps it. */
  groupKey?: string | undefined;
  /** Finds the place of each text, where the index keeps it. */
  places?: PlaceFinder | undefined;
  signal: AbortSignal | undefined;
}

/** After so many records of which none has the text key, the build stops: the key does not fit the data. */
const hopelessAfter = 100;
/** Keys named in an error message. */
const keysShown = 20;

/**
 * Passes on the records that can be indexed, the others go to the rejects. Throws InputError, with the keys that it saw, where
 * none of the first 100 records, or of all where there are fewer, has the text key.
 */
export async function* admitDocuments(
  source: AsyncIterable<DataRecord>,
  keys: CorpusKeys,
  rejects: Rejects,
): AsyncGenerator<CorpusDocument> {
  const { textKey, signal } = keys;
  let ordinal = 0;
  let seenKeys: Set<string> | undefined = new Set();
  for await (const record of source as AsyncIterable<unknown>) {
    signal?.throwIfAborted();
    if (seenKeys && isRecord(record)) {
      if (Object.hasOwn(record, textKey)) seenKeys = undefined;
      else for (const key of Object.keys(record)) seenKeys.add(key);
    }
    const document = documentOf(record, keys, ordinal++);
    if (typeof document === 'string') await rejects({ stage: 'index', reason: document, record });
    else yield document;
    if (seenKeys && ordinal === hopelessAfter) throw withoutKey(textKey, ordinal, seenKeys);
  }
  if (seenKeys && ordinal > 0) throw withoutKey(textKey, ordinal, seenKeys);
}

/** The document, or why the record is none. */
function documentOf(record: unknown, keys: CorpusKeys, ordinal: number): CorpusDocument | string {
  const { textKey, idKey, groupKey, places } = keys;
  if (!isRecord(record)) return `not an object but ${describe(record)}`;
  const text = Object.hasOwn(record, textKey) ? record[textKey] : undefined;
  if (text === undefined) return `no ${quote(textKey)}`;
  if (typeof text !== 'string') return `${quote(textKey)} holds ${describe(text)}, not a string`;
  if (text.trim() === '') return `${quote(textKey)} is blank`;
  const id = idOf(Object.hasOwn(record, idKey) ? record[idKey] : undefined, idKey, ordinal);
  if (typeof id !== 'string') return id.problem;
  const group = groupKey !== undefined && Object.hasOwn(record, groupKey) ? (record[groupKey] ?? undefined) : undefined;
  if (group !== undefined && typeof group !== 'string' && typeof group !== 'number') {
    return `${quote(groupKey as string)} holds ${describe(group)}, not a string or a number`;
  }
  return { id, text, group: group === undefined ? undefined : String(group), place: places?.find(record, text) };
}

function idOf(value: unknown, idKey: string, ordinal: number): string | { problem: string } {
  if (value === undefined || value === null) return String(ordinal);
  if (value === '') return { problem: `${quote(idKey)} is empty` };
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') {
    return { problem: `${quote(idKey)} holds ${describe(value)}, not a string or a number` };
  }
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  return { problem: `${quote(idKey)} is too large a number: JSON.parse rounded it; write it as a string` };
}

function withoutKey(textKey: string, records: number, seenKeys: ReadonlySet<string>): InputError {
  const shown = [...seenKeys].slice(0, keysShown).map(quote).join(', ');
  const saw = seenKeys.size === 0 ? 'they are no objects' : `their keys: ${shown}`;
  const which = records === hopelessAfter ? `none of the first ${records} records has` : 'no record has';
  return new InputError(`${which} the key ${quote(textKey)}; ${saw}`, { hint: 'name the key of the text: textKey' });
}

const quote = (text: string): string => JSON.stringify(text);

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
