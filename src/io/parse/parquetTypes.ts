import type { FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet';
import { isRecord } from '../../record.js';

/** Converts a raw value of a column to JSON. */
type Convert = (value: unknown) => unknown;

/** A column, or a part of one, with the conversion of its leaves. */
interface Node {
  convert?: Convert;
  children: Map<string, Node>;
  kind: 'leaf' | 'list' | 'map' | 'struct';
}

export interface ParquetRows {
  /** The metadata with which the raw values are read of the columns that are converted here. */
  metadata: FileMetaData;
  /** Converts a row to JSON. */
  toJson: (row: Record<string, unknown>) => Record<string, unknown>;
}

/**
 * Prepares the reading of rows as JSON. DECIMAL becomes an exact string, INTERVAL an ISO 8601 duration, TIME a time of day, BSON
 * base64; other whole numbers beyond 2^53 become strings, bytes that are not UTF-8 base64. What is null stays null.
 */
export function parquetRows(metadata: FileMetaData): ParquetRows {
  const schema = metadata.schema.map((element) => ({ ...element }));
  const [root] = schema;
  const { node } = nodeAt(schema, 0);
  if (root === undefined) return { metadata, toJson: (row) => row };
  return {
    metadata: { ...metadata, schema },
    toJson: (row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, converted(value, node.children.get(name))])),
  };
}

/** The parsers for types that keep more than a Date can hold. */
export const exactParsers: Partial<Record<keyof ParquetParsers, (value: never) => unknown>> = {
  timestampFromMilliseconds: (millis: unknown) => isoTime(millis, 0),
  timestampFromMicroseconds: (micros: unknown) => isoTime(micros, 3),
  timestampFromNanoseconds: (nanos: unknown) => isoTime(nanos, 6),
  dateFromDays: (days: unknown) => isoTime(isNumeric(days) ? BigInt(days) * 86_400_000n : days, 0),
  // Read as they are, for `convert` of their column.
  geometryFromBytes: (bytes: unknown) => bytes,
};

/** Builds the node of a schema element, and takes from the schema the types that are converted here. */
function nodeAt(schema: SchemaElement[], at: number): { node: Node; next: number } {
  const element = schema[at] as SchemaElement;
  const count = element.num_children ?? 0;
  if (count === 0) return { node: leafOf(element), next: at + 1 };
  const children = new Map<string, Node>();
  let next = at + 1;
  for (let child = 0; child < count; child++) {
    const { name } = schema[next] as SchemaElement;
    const built = nodeAt(schema, next);
    children.set(name, built.node);
    next = built.next;
  }
  const type = element.converted_type ?? element.logical_type?.type;
  const kind = type === 'LIST' ? 'list' : type === 'MAP' || type === 'MAP_KEY_VALUE' ? 'map' : 'struct';
  return { node: { children, kind }, next };
}

function leafOf(element: SchemaElement): Node {
  const { converted_type: type, logical_type: logical } = element;
  const leaf = (convert: Convert): Node => {
    delete element.converted_type;
    delete element.logical_type;
    if (element.type === 'BYTE_ARRAY') element.logical_type = { type: 'GEOMETRY' };
    return { kind: 'leaf', children: new Map(), convert };
  };
  if (type === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = element.scale ?? (logical as { scale?: number } | undefined)?.scale ?? 0;
    return leaf((value) => decimalText(value, scale));
  }
  if (type === 'INTERVAL') return leaf((value) => (value instanceof Uint8Array ? durationText(value) : value));
  if (element.type === 'BYTE_ARRAY' && type === undefined && logical === undefined) return leaf(textOrBase64);
  if (type === 'BSON' || logical?.type === 'BSON') return leaf(plain);
  if (logical?.type === 'TIME' || type === 'TIME_MILLIS' || type === 'TIME_MICROS') {
    const unit = (logical as { unit?: string } | undefined)?.unit ?? type?.slice(5);
    const digits = unit === 'NANOS' ? 9 : unit === 'MICROS' ? 6 : 3;
    return leaf((value) => timeText(value, digits));
  }
  return { kind: 'leaf', children: new Map() };
}

function converted(value: unknown, node: Node | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (node?.convert !== undefined && !Array.isArray(value)) return plain(node.convert(value));
  if (Array.isArray(value)) {
    const item = node?.kind === 'list' ? itemOf(node) : node;
    return value.map((one) => converted(one, item));
  }
  if (node?.kind === 'map' && isPlainObject(value)) {
    const [entry] = node.children.values();
    return mapped(value, () => entry?.children.get('value'));
  }
  if (node?.kind === 'struct' && isPlainObject(value)) return mapped(value, (name) => node.children.get(name));
  return plain(value);
}

/** The element of a list is two levels below it, or one in files of old writers. */
function itemOf(list: Node): Node | undefined {
  const [repeated] = list.children.values();
  return repeated?.children.size === 1 ? [...repeated.children.values()][0] : repeated;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && !(value instanceof Date) && !ArrayBuffer.isView(value);

const mapped = (object: Record<string, unknown>, nodeOf: (name: string) => Node | undefined) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, converted(value, nodeOf(name))]));

/** Converts what JSON cannot hold. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads bytes of a column that names no type: text of old writers, as its text, or a blob, as base64. */
function textOrBase64(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return utf8.decode(value);
  } catch {
    return value;
  }
}

/** Writes a decimal exactly: the number without its point, a number or two's complement bytes, and the digits after the point. */
export function decimalText(unscaled: unknown, scale: number): unknown {
  const whole =
    unscaled instanceof Uint8Array ? signedInteger(unscaled) : isNumeric(unscaled) ? BigInt(unscaled) : undefined;
  if (whole === undefined) return unscaled;
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return whole < 0n ? `-${text}` : text;
}

function signedInteger(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return BigInt.asIntN(bytes.length * 8, value);
}

/** Writes an interval of months, days and milliseconds as an ISO 8601 duration: `P1Y2M3DT4.5S`. */
export function durationText(bytes: Uint8Array): string {
  const view = Buffer.from(bytes);
  const months = view.readUInt32LE(0);
  const days = view.readUInt32LE(4);
  const seconds = view.readUInt32LE(8) / 1000;
  const part = (count: number, unit: string) => (count === 0 ? '' : `${count}${unit}`);
  const date = part(Math.floor(months / 12), 'Y') + part(months % 12, 'M') + part(days, 'D');
  const text = `P${date}${seconds === 0 ? '' : `T${seconds}S`}`;
  return text === 'P' ? 'PT0S' : text;
}

/** Writes a time of day, counted in units of 10^-`digits` seconds. */
function timeText(value: unknown, digits: number): unknown {
  if (!isNumeric(value)) return value;
  const unit = 10n ** BigInt(digits);
  const count = BigInt(value);
  const two = (part: bigint) => String(part).padStart(2, '0');
  const seconds = count / unit;
  const rest = count % unit;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(digits, '0')}`;
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${fraction}`;
}

const isNumeric = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

/** Writes a time in ISO 8601, with `extra` more digits than milliseconds if they are not 0; one beyond the range of Date as its number. */
function isoTime(value: unknown, extra: number): unknown {
  if (!isNumeric(value)) return value;
  const count = BigInt(value);
  const unit = 10n ** BigInt(extra);
  const rest = ((count % unit) + unit) % unit;
  const date = new Date(Number((count - rest) / unit));
  if (Number.isNaN(date.getTime())) return String(count);
  const text = date.toISOString();
  return rest === 0n ? text : text.replace('Z', `${String(rest).padStart(extra, '0')}Z`);
}
