/** The part of JSON Schema that describes parquet rows, and what parquet must know beyond it. */
export interface RowSchema {
  type?: string;
  properties?: Record<string, RowSchema>;
  items?: RowSchema;
  /** `int64`: whole numbers that a number holds exactly. `json`: values of several types, written as their JSON. */
  format?: string;
  /** True if a value may be null or missing. */
  nullable?: boolean;
}

type JsonKind = 'string' | 'boolean' | 'integer' | 'number' | 'list' | 'object';

/** An object with more keys than this is a map of data: its JSON is written. */
const MAX_OBJECT_KEYS = 200;

/** Collects the types of values, to describe all of them by one schema. */
export class SeenValues {
  readonly #kinds = new Set<JsonKind>();
  readonly #properties = new Map<string, SeenValues>();
  #items: SeenValues | undefined;

  add(value: unknown): void {
    if (value === null || value === undefined) return;
    const kind = jsonKindOf(value);
    this.#kinds.add(kind);
    if (kind === 'list') {
      this.#items ??= new SeenValues();
      for (const item of value as unknown[]) this.#items.add(item);
    }
    if (kind === 'object') this.addFields(value as object, MAX_OBJECT_KEYS);
  }

  /** Adds the values of an object; its keys beyond `limit` are not kept. */
  addFields(fields: object, limit = Number.POSITIVE_INFINITY): void {
    for (const [key, value] of Object.entries(fields)) {
      let seen = this.#properties.get(key);
      if (seen === undefined) {
        if (this.#properties.size > limit) return;
        seen = new SeenValues();
        this.#properties.set(key, seen);
      }
      seen.add(value);
    }
  }

  /** The keys of the objects, in the order in which they came. */
  get keys(): string[] {
    return [...this.#properties.keys()];
  }

  /** Returns the schema of the objects that were added by `addFields`. */
  rows(): RowSchema {
    return { type: 'object', properties: this.#fields() };
  }

  schema(): RowSchema {
    const [kind = 'string', other] = this.#kinds.has('number') ? without(this.#kinds, 'integer') : this.#kinds;
    const isMap = kind === 'object' && (this.#properties.size === 0 || this.#properties.size > MAX_OBJECT_KEYS);
    if (other !== undefined || isMap) return { type: 'string', format: 'json', nullable: true };
    if (kind === 'object') return { type: 'object', properties: this.#fields(), nullable: true };
    if (kind === 'list') return { type: 'array', items: (this.#items as SeenValues).schema(), nullable: true };
    return kind === 'integer' ? { type: 'integer', format: 'int64', nullable: true } : { type: kind, nullable: true };
  }

  #fields(): Record<string, RowSchema> {
    return Object.fromEntries([...this.#properties].map(([key, seen]) => [key, seen.schema()]));
  }
}

function jsonKindOf(value: unknown): JsonKind {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return typeof value as 'string' | 'boolean' | 'object';
}

const without = (kinds: ReadonlySet<JsonKind>, left: JsonKind) => [...kinds].filter((kind) => kind !== left);

/** Returns a value as the parquet writer takes it: whole numbers as BigInt, values of several types as JSON. */
function asColumnValue(value: unknown, schema: RowSchema | undefined): unknown {
  if (value === null || value === undefined || schema === undefined) return value;
  if (schema.format === 'json') return JSON.stringify(value);
  if (schema.format === 'int64') return BigInt(value as number);
  const { items, properties } = schema;
  if (items !== undefined) return (value as unknown[]).map((item) => asColumnValue(item, items));
  if (properties === undefined) return value;
  return columnsOf(value, properties);
}

/** Returns the fields of an object as the parquet writer takes them; a missing one has nothing to inherit. */
export function columnsOf(fields: object, properties: Record<string, RowSchema> = {}): Record<string, unknown> {
  const columns = Object.create(null);
  for (const [key, value] of Object.entries(fields)) columns[key] = asColumnValue(value, ownOf(properties, key));
  return columns;
}

const ownOf = (schemas: Record<string, RowSchema>, key: string) =>
  Object.hasOwn(schemas, key) ? schemas[key] : undefined;
