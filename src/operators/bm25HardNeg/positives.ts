import { RejectError } from '../../errors.js';
import { type DataRecord, isRecord, isText } from '../../record.js';
import type { Searcher } from '../../search/searcher.js';
import { describe } from '../../util/check.js';
import { valueAt } from '../../util/keyPath.js';
import { miningRowOf } from './miningRow.js';

/** A record's positives, and other documents that must not become its negatives. */
export interface Positives {
  /** The record's own document. */
  id: string | undefined;
  text: string;
  /** The ids of all positives. */
  ids: ReadonlySet<string>;
  /** The texts of all positives, the record's own text first. */
  texts: readonly string[];
  excludedIds: ReadonlySet<string>;
  /** Texts that are negatives of the record already. */
  taken: readonly string[];
  /** The fingerprints of the positives of other records with the same question. */
  fingerprints: ReadonlySet<string>;
  /** The values of the positives under `groupKey`. */
  groups: ReadonlySet<string | undefined>;
}

export interface PositiveKeys {
  textKey: string;
  idKey: string;
  positivesKey: string | undefined;
  excludeIds: string | undefined;
  groupKey: string | undefined;
}

/** Reads the positives of a record whose text is good. Throws RejectError for a list with a value of another kind. */
export function positivesOf(
  record: DataRecord,
  keys: PositiveKeys,
  index: Searcher,
  shared?: { ids: ReadonlySet<string>; fingerprints: ReadonlySet<string> },
): Positives {
  const text = valueAt(record, keys.textKey) as string;
  const id = idText(valueAt(record, keys.idKey));
  const ids = new Set(id === undefined ? [] : [id]);
  const texts = new Set([text]); // an id may have many documents of one text
  const row = miningRowOf(record);
  for (const item of [...listOf(record, keys.positivesKey, 'texts and ids'), ...(row?.further ?? [])]) {
    const { id: itsId, text: itsText } = readPositive(item, index, keys.positivesKey as string);
    if (itsId !== undefined) ids.add(itsId);
    if (itsText !== undefined) texts.add(itsText);
    else if (itsId !== undefined) for (const docId of index.docIds(itsId)) texts.add(index.text(docId));
  }
  for (const sharedId of shared?.ids ?? []) {
    ids.add(sharedId);
    for (const docId of index.docIds(sharedId)) texts.add(index.text(docId));
  }
  const excludedIds = listOf(record, keys.excludeIds, 'ids').map((item) => {
    const excluded = idText(item);
    if (excluded !== undefined) return excluded;
    throw new RejectError(`"${keys.excludeIds}" holds ${JSON.stringify(item)}, which is not an id`);
  });
  return {
    id,
    text,
    ids,
    texts: [...texts],
    excludedIds: new Set(excludedIds),
    taken: row?.taken ?? [],
    fingerprints: shared?.fingerprints ?? new Set(),
    groups: groupsOf(record, ids, keys.groupKey, index),
  };
}

/** Returns the groups of the record itself, by its own key, and of all positives whose id is in the index. */
function groupsOf(record: DataRecord, ids: Iterable<string>, groupKey: string | undefined, index: Searcher) {
  if (groupKey === undefined) return new Set<string>();
  const known = [...ids].flatMap((id) => index.docIds(id)).map((docId) => index.group?.(docId));
  return new Set([idText(valueAt(record, groupKey)), ...known].filter((group) => group !== undefined));
}

/** Reads one positive: a string is an id if the index has that id, and a text otherwise; an object has an `id` or a `text`. */
function readPositive(item: unknown, index: Searcher, key: string): { id?: string | undefined; text?: string } {
  if (isRecord(item)) {
    const id = idText(item.id);
    if (isText(item.text)) return { id, text: item.text };
    if (id !== undefined) return { id };
  }
  const id = idText(item);
  if (id !== undefined && index.docIds(id).length > 0) return { id };
  if (isText(item)) return { text: item };
  throw new RejectError(`"${key}" holds ${JSON.stringify(item)}, which is neither a text nor an id of the index`);
}

function listOf(record: DataRecord, key: string | undefined, what: string): unknown[] {
  const value = key === undefined ? undefined : valueAt(record, key);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new RejectError(`"${key}" holds ${describe(value)}, not a list of ${what}`);
}

/** Returns an id, a string or a number, as the index keeps it. */
export function idText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Normalizes the white space of a text, for comparison. */
export function normalized(text: string): string {
  return text.replace(/[^\S ]\s*| \s+/g, ' ').trim();
}
