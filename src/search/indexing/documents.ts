import { InputError } from '../../errors.js';
import type { Rejects } from '../../flow/rejects.js';
import { isRecord } from '../../record.js';
import { describe } from '../../util/check.js';
import type { TextLocation, TextLocator } from '../format/externalTexts.js';

/** A record to index. */
export interface CorpusDocument {
  id: string;
  text: string;
  group?: string | undefined;
  place?: TextLocation | undefined;
}

export interface CorpusKeys {
  textKey: string;
  idKey: string;
  /** The key of a value that related documents share, if the index keeps it. */
  groupKey?: string | undefined;
  /** Locates each text in its file, if the index does not store texts. */
  locator?: TextLocator | undefined;
  signal: AbortSignal | undefined;
}

/** The build stops if none of this many records has the text key: the key does not fit the data. */
const MAX_KEYLESS_RECORDS = 100;
/** Keys named in an error message. */
const MAX_KEYS_SHOWN = 20;

/**
 * Yields the records that can be indexed and sends the others to `rejects`. Throws InputError, with the keys that the records have, if
 * none of the first 100 records, or of all if there are fewer, has the text key.
 */
export async function* admitDocuments(
  source: AsyncIterable<unknown>,
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
    if (seenKeys && ordinal === MAX_KEYLESS_RECORDS) throw withoutKey(textKey, ordinal, seenKeys);
  }
  if (seenKeys && ordinal > 0) throw withoutKey(textKey, ordinal, seenKeys);
}

/** Returns the document, or the reason why the record cannot be indexed. */
function documentOf(record: unknown, keys: CorpusKeys, ordinal: number): CorpusDocument | string {
  const { textKey, idKey, groupKey, locator } = keys;
  if (!isRecord(record)) return `must be a JSON object, got ${describe(record)}`;
  const text = Object.hasOwn(record, textKey) ? record[textKey] : undefined;
  if (text === undefined) return `has no key ${quote(textKey)}`;
  if (typeof text !== 'string') return `${quote(textKey)} must be a string, got ${describe(text)}`;
  if (text.trim() === '') return `${quote(textKey)} is blank`;
  const id = documentId(Object.hasOwn(record, idKey) ? record[idKey] : undefined, idKey, ordinal);
  if (typeof id !== 'string') return id.problem;
  const group = groupKey !== undefined && Object.hasOwn(record, groupKey) ? (record[groupKey] ?? undefined) : undefined;
  if (group !== undefined && typeof group !== 'string' && typeof group !== 'number') {
    return `${quote(groupKey as string)} must be a string or a number, got ${describe(group)}`;
  }
  return { id, text, group: group === undefined ? undefined : String(group), place: locator?.find(record, text) };
}

function documentId(value: unknown, idKey: string, ordinal: number): string | { problem: string } {
  if (value === undefined || value === null) return String(ordinal);
  if (value === '') return { problem: `${quote(idKey)} is empty` };
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') {
    return { problem: `${quote(idKey)} must be a string or a number, got ${describe(value)}` };
  }
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  return { problem: `${quote(idKey)} is too large a number: JSON.parse rounded it; write it as a string` };
}

function withoutKey(textKey: string, records: number, seenKeys: ReadonlySet<string>): InputError {
  const shown = [...seenKeys].slice(0, MAX_KEYS_SHOWN).map(quote).join(', ');
  const saw = seenKeys.size === 0 ? 'they are not objects' : `their keys: ${shown}`;
  const which = records === MAX_KEYLESS_RECORDS ? `none of the first ${records} records has` : 'no record has';
  return new InputError(`${which} the key ${quote(textKey)}; ${saw}`, { hint: 'set textKey to the key of the text' });
}

const quote = (text: string): string => JSON.stringify(text);
