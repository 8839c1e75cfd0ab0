import { type DataRecord, defaultKeys, isRecord } from '../record.js';

/** Other names of the default keys, which common tools write: BEIR, Pyserini, TREC, LangChain. */
const otherNames = new Map<string, readonly string[]>([
  [defaultKeys.id, ['_id', 'docid', 'doc_id', 'docno', 'document_id', 'passage_id', 'pid']],
  [defaultKeys.text, ['contents', 'content', 'passage', 'page_content']],
]);

/**
 * Returns the value of a record under a key. A key that the record has means itself. Else `data.text` is a path (`*` joins the
 * texts of all items of a list: `paragraphs.*.text`), `title,text` are several keys, whose texts are joined by a line feed (the last must be there, the others may be missing), and `id` and `text`
 * mean their usual other names, such as `_id` and `contents`.
 */
export function valueAt(record: DataRecord, key: string): unknown {
  if (Object.hasOwn(record, key)) return record[key];
  if (key.includes(',')) return joined(record, key.split(','));
  if (key.includes('.')) return atPath(record, key.split('.'));
  const other = otherNameOf(record, key);
  return other === undefined ? undefined : record[other];
}

/** Returns the other name under which a record has the value of a default key, if it lacks the key itself. */
export function otherNameOf(record: DataRecord, key: string): string | undefined {
  if (Object.hasOwn(record, key)) return undefined;
  return otherNames.get(key)?.find((name) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return typeof value === 'string' || (typeof value === 'number' && key === defaultKeys.id);
  });
}

/** Returns the key of the text of a document with its title, if it has one: `title,text`. */
export function documentKey({ textKey, titleKey }: { textKey: string; titleKey?: string | undefined }): string {
  return titleKey === undefined ? textKey : `${titleKey},${textKey}`;
}

function joined(record: DataRecord, keys: string[]): unknown {
  const values = keys.map((key) => valueAt(record, key.trim()));
  const last = values.at(-1);
  if (last === undefined || last === null) return undefined;
  const given = values.filter((value) => value !== undefined && value !== null && value !== '');
  const other = given.find((value) => typeof value !== 'string' && typeof value !== 'number');
  return other ?? given.join('\n');
}

function atPath(record: unknown, steps: string[]): unknown {
  let value: unknown = record;
  for (const [at, step] of steps.entries()) {
    if (step === '*' && Array.isArray(value)) return joinedItems(value, steps.slice(at + 1));
    if (!(isRecord(value) || Array.isArray(value)) || !Object.hasOwn(value, step)) return undefined;
    value = (value as DataRecord)[step];
  }
  return value;
}

/** Joins the texts of the items by a line feed; undefined if one has none. */
function joinedItems(items: unknown[], steps: string[]): unknown {
  const texts = items.map((item) => (steps.length === 0 ? item : atPath(item, steps)));
  return texts.length > 0 && texts.every((text) => typeof text === 'string') ? texts.join('\n') : undefined;
}

/** The levels at which a text is looked for, and the keys of each. */
const MAX_TEXT_DEPTH = 4;
const KEYS_PER_LEVEL = 50;
/** Keys that often hold the text of a document. */
const LIKELY_TEXT =
  /^(text|texts|contents?|body|passages?|page_content|document|paragraphs?|abstract|article|sentences?)$/i;

/** Returns the path to a text in a record, for advice: `data.text`, or `paragraphs.*` for a list of texts. Undefined if none is likely. */
export function likelyTextPath(record: unknown, depth = 0): string | undefined {
  if (!isRecord(record) || depth === MAX_TEXT_DEPTH) return undefined;
  const keys = Object.keys(record).slice(0, KEYS_PER_LEVEL);
  const own = keys.find((key) => LIKELY_TEXT.test(key) && typeof record[key] === 'string');
  if (own !== undefined) return own;
  for (const key of keys) {
    const value = record[key];
    if (Array.isArray(value)) {
      if (LIKELY_TEXT.test(key) && value.length > 0 && value.every((item) => typeof item === 'string'))
        return `${key}.*`;
      const inner = likelyTextPath(value[0], depth + 1);
      if (inner !== undefined) return `${key}.*.${inner}`;
    }
    const inner = likelyTextPath(value, depth + 1);
    if (inner !== undefined) return `${key}.${inner}`;
  }
  return undefined;
}
