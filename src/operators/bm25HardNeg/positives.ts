import { RejectError } from '../../errors.js';
import { type DataRecord, isRecord, isText } from '../../record.js';
import type { Searcher } from '../../search/searcher.js';

/** What a record says of its positives, and of other documents that must not become negatives. */
export interface Positives {
  /** The record's own document. */
  id: string | undefined;
  text: string;
  /** The ids of all positives. */
  ids: ReadonlySet<string>;
  /** The texts of all positives, the own one first. */
  texts: readonly string[];
  excludedIds: ReadonlySet<string>;
  /** What the positives hold under `groupKey`. */
  groups: ReadonlySet<string | undefined>;
}

export interface PositiveKeys {
  inputTextKey: string;
  idKey: string;
  inputPositivesKey: string | undefined;
  excludeIds: string | undefined;
  groupKey: string | undefined;
}

/** Reads them from a record whose text is good; throws RejectError where a list holds what it must not. */
export function positivesOf(record: DataRecord, keys: PositiveKeys, index: Searcher): Positives {
  const text = record[keys.inputTextKey] as string;
  const id = idOf(record[keys.idKey]);
  const ids = new Set(id === undefined ? [] : [id]);
  const texts = [text];
  for (const item of listOf(record, keys.inputPositivesKey, 'texts and ids')) {
    const { id: itsId, text: itsText } = positiveOf(item, index, keys.inputPositivesKey as string);
    if (itsId !== undefined) ids.add(itsId);
    if (itsText !== undefined) texts.push(itsText);
    else if (itsId !== undefined) texts.push(...index.docIds(itsId).map((docId) => index.text(docId)));
  }
  const excludedIds = listOf(record, keys.excludeIds, 'ids').map((item) => {
    const excluded = idOf(item);
    if (excluded !== undefined) return excluded;
    throw new RejectError(`"${keys.excludeIds}" holds ${JSON.stringify(item)}, which is no id`);
  });
  return {
    id,
    text,
    ids,
    texts,
    excludedIds: new Set(excludedIds),
    groups: groupsOf(record, ids, keys.groupKey, index),
  };
}

/** The groups of the record itself, by its own key, and of all positives that the index knows by their ids. */
function groupsOf(record: DataRecord, ids: Iterable<string>, groupKey: string | undefined, index: Searcher) {
  if (groupKey === undefined) return new Set<string>();
  const known = [...ids].flatMap((id) => index.docIds(id)).map((docId) => index.group?.(docId));
  return new Set([idOf(record[groupKey]), ...known].filter((group) => group !== undefined));
}

/** A string is an id where the index has one such, and a text otherwise; an object names which it holds. */
function positiveOf(item: unknown, index: Searcher, key: string): { id?: string | undefined; text?: string } {
  if (isRecord(item)) {
    const id = idOf(item.id);
    if (isText(item.text)) return { id, text: item.text };
    if (id !== undefined) return { id };
  }
  const id = idOf(item);
  if (id !== undefined && index.docIds(id).length > 0) return { id };
  if (isText(item)) return { text: item };
  throw new RejectError(`"${key}" holds ${JSON.stringify(item)}, which is neither a text nor an id of the index`);
}

function listOf(record: DataRecord, key: string | undefined, what: string): unknown[] {
  const value = key === undefined ? undefined : record[key];
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new RejectError(`"${key}" holds ${JSON.stringify(value)?.slice(0, 40)}, not a list of ${what}`);
}

/** A string or a number as the index has it for an id. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** A text without what white space may differ in. */
export function normalized(text: string): string {
  return text.replace(/[^\S ]\s*| \s+/g, ' ').trim();
}
