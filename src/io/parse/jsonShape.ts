import { getManyValues, isMany } from 'stream-chain/core';
import { jsonParser } from 'stream-json/core/parser.js';
import { isRecord } from '../../record.js';

/**
 * The shape of a text of JSON: a record per line, one array, one object that holds the array of records under the key `wrapper`,
 * or one object of columns. `object`: another object over several lines.
 */
export type JsonShape = { kind: 'lines' | 'array' | 'columns' | 'object' } | { kind: 'wrapped'; wrapper: string };

/** Keys under which tools put the list of records. */
const WRAPPERS = /^(data|rows|records|documents|docs|items|corpus|passages|examples|entries|results|train|test)$/i;
/** Keys that only a record has. */
const RECORD_KEYS = /^(text|contents?|body|passage|question|query)$/i;
const MAX_START_BYTES = 1024 * 1024;
const LINES: JsonShape = { kind: 'lines' };

/** Returns true if a start of a text, which is not whole, shows its shape. */
export function showsShape(start: Buffer): boolean {
  if (start.length >= MAX_START_BYTES) return true;
  const { first, rest } = firstLine(start);
  if (first === '' && rest === undefined) return false;
  if (!/^[{[]/.test(first)) return true;
  if (rest === undefined) return false;
  if (rest !== '') return true;
  const value = parsed(first);
  if (value === undefined) return !/^[{[]$/.test(first);
  return isRecord(value) && shapeOfObject(value).kind === 'lines';
}

/** Returns the shape of a text of JSON by its start, which is the whole text if that is shorter than 1 MiB. */
export function jsonShape(start: Buffer): JsonShape {
  const { first, rest = '' } = firstLine(start);
  if (!/^[{[]/.test(first)) return LINES;
  const value = parsed(first);
  if (first.startsWith('[')) return value !== undefined && rest !== '' ? LINES : { kind: 'array' };
  if (value !== undefined) return rest !== '' || !isRecord(value) ? LINES : shapeOfObject(value);
  const whole = parsed(start.toString().replace(/^\uFEFF/, ''));
  if (!isRecord(whole)) return shapeOfStart(start.toString());
  const shape = shapeOfObject(whole);
  return shape.kind === 'lines' ? { kind: 'object' } : shape;
}

/** Returns the shape of an object that is all of the text: a record, records under a key, or columns. */
function shapeOfObject(object: Record<string, unknown>): JsonShape {
  const values = Object.values(object);
  if (columnsToRows(object) !== undefined) return { kind: 'columns' };
  if (Object.keys(object).some((key) => RECORD_KEYS.test(key))) return LINES;
  const [wrapper, ...others] = Object.keys(object).filter((key) => {
    const value = object[key];
    return WRAPPERS.test(key) && Array.isArray(value) && value.length > 0 && value.every(isRecord);
  });
  const isOnlyList = values.filter((value) => Array.isArray(value)).length === 1;
  return wrapper !== undefined && others.length === 0 && isOnlyList ? { kind: 'wrapped', wrapper } : LINES;
}

/** Returns the rows of an object of columns: lists of one length, or objects with the keys 0, 1, … as pandas writes them. */
export function columnsToRows(object: Record<string, unknown>): Record<string, unknown>[] | undefined {
  const names = Object.keys(object);
  const columns = names.map((name) => columnOf(object[name]));
  const [first] = columns;
  if (first === undefined || columns.some((column) => column?.length !== first.length)) return undefined;
  return first.map((_, row) => Object.fromEntries(names.map((name, at) => [name, columns[at]?.[row]])));
}

function columnOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value.length > 0 ? value : undefined;
  if (!isRecord(value)) return undefined;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => /^\d+$/.test(key)) ? Object.values(value) : undefined;
}

/** Returns the shape of an object that is longer than a line, or than the start. */
function shapeOfStart(start: string): JsonShape {
  const tokenize = jsonParser({ streamValues: false });
  let depth = 0;
  let key = '';
  let isColumns = true;
  try {
    const tokens = tokenize(start.replace(/^\uFEFF/, ''));
    for (const { name, value } of isMany(tokens)
      ? (getManyValues(tokens) as { name: string; value?: unknown }[])
      : []) {
      if (name === 'keyValue' && depth === 1) key = String(value);
      if (name === 'startObject' && depth === 2 && WRAPPERS.test(key)) return { kind: 'wrapped', wrapper: key };
      if (depth === 1 && /Value$/.test(name) && name !== 'keyValue') isColumns = false;
      if (depth === 1 && RECORD_KEYS.test(key) && name === 'stringValue') return LINES;
      if (/^start(Object|Array)$/.test(name)) depth++;
      if (/^end(Object|Array)$/.test(name)) depth--;
      if (depth === 0) return LINES;
    }
  } catch {
    return LINES;
  }
  if (depth >= 2 && isColumns) return { kind: 'columns' };
  return /^\s*\{\s*\n/.test(start) ? { kind: 'object' } : LINES;
}

/** Returns the first line that is not blank, and what follows it; `rest` is undefined if the line has not ended. */
function firstLine(start: Buffer): { first: string; rest: string | undefined } {
  const text = start
    .toString()
    .replace(/^\uFEFF/, '')
    .trimStart();
  const end = text.indexOf('\n');
  return end === -1
    ? { first: text, rest: undefined }
    : { first: text.slice(0, end).trim(), rest: text.slice(end, end + 4096).trim() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
