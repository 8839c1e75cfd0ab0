import { InputError } from '../../errors.js';
import type { Rejects } from '../../flow/rejects.js';
import { isRecord } from '../../record.js';
import { describe } from '../../util/check.js';
import { likelyTextPath, valueAt } from '../../util/keyPath.js';
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
  let likely: string | undefined;
  for await (const record of source as AsyncIterable<unknown>) {
    signal?.throwIfAborted();
    if (seenKeys && isRecord(record)) {
      if (valueAt(record, textKey) !== undefined || Object.hasOwn(record, textKey)) seenKeys = undefined;
      else likely ??= likelyTextPath(record);
      if (seenKeys !== undefined) for (const key of Object.keys(record)) seenKeys.add(key);
    }
    const document = documentOf(record, keys, ordinal++);
    if (typeof document === 'string') await rejects({ stage: 'index', reason: document, record });
    else yield document;
    if (seenKeys && ordinal === MAX_KEYLESS_RECORDS) throw withoutKey(textKey, ordinal, seenKeys, likely);
  }
  if (seenKeys && ordinal > 0) throw withoutKey(textKey, ordinal, seenKeys, likely);
}

/** Returns the document, or the reason why the record cannot be indexed. */
function documentOf(record: unknown, keys: CorpusKeys, ordinal: number): CorpusDocument | string {
  const { textKey, idKey, groupKey, locator } = keys;
  if (!isRecord(record)) return `must be a JSON object, got ${describe(record)}`;
  const text = valueAt(record, textKey);
  if (text === undefined) return `has no key ${quote(textKey)}`;
  if (typeof text !== 'string')
    return `${quote(textKey)} must be a string, got ${describe(text)}${joinAdvice(text, textKey)}`;
  if (text.trim() === '') return `${quote(textKey)} is blank`;
  const id = documentId(valueAt(record, idKey), idKey, ordinal);
  if (typeof id !== 'string') return id.problem;
  const group = groupKey === undefined ? undefined : (valueAt(record, groupKey) ?? undefined);
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

function withoutKey(textKey: string, records: number, seenKeys: ReadonlySet<string>, likely?: string): InputError {
  const shown = [...seenKeys].slice(0, MAX_KEYS_SHOWN).map(quote).join(', ');
  const saw = seenKeys.size === 0 ? 'they are not objects' : `their keys: ${shown}`;
  const which = records === MAX_KEYLESS_RECORDS ? `none of the first ${records} records has` : 'no record has';
  return new InputError(`${which} the key ${quote(textKey)}; ${saw}`, {
    hint:
      likely === undefined
        ? 'set textKey (--text-key) to the key of the text; rareflow inspect shows the keys'
        : `set textKey to the key of the text: --text-key ${quote(likely)}?`,
  });
}

const quote = (text: string): string => JSON.stringify(text);

const joinAdvice = (value: unknown, key: string): string =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? `; --text-key '${key}.*' joins its texts`
    : '';
