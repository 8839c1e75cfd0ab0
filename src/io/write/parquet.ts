import { open, rename, rm } from 'node:fs/promises';
import type { SchemaElement } from 'hyparquet';
import { OutputError } from '../../errors.js';
import { outputError } from '../systemErrors.js';
import type { RowSink } from './writeFiles.js';

/** As much of JSON Schema as rows of parquet have use for. */
export interface RowSchema {
  type?: string;
  properties?: Record<string, RowSchema>;
  items?: RowSchema;
}

/** A row group ends at so many rows or characters. */
const groupRows = 10_000;
const groupChars = 16 * 1024 * 1024;

/** Opens a parquet file for rows of a schema (objects of strings, booleans, numbers, lists and objects; none may be missing). */
export async function openParquet(target: string, schema: RowSchema): Promise<RowSink> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const partial = `${target}.partial`;
  const handle = await open(partial, 'wx').catch((error: unknown) => {
    throw outputError(error, partial);
  });
  const columns = Object.keys(schema.properties ?? {});
  const bytes = new ByteWriter();
  const root = { name: 'root', num_children: columns.length };
  const elements = columns.flatMap((name) => elementsOf(name, schema.properties?.[name] ?? {}));
  const parquet = new ParquetWriter({ writer: bytes, schema: [root, ...elements] });
  let rows: Record<string, unknown>[] = [];
  let chars = 0;

  /** Puts what was encoded on disk. */
  const flush = async () => {
    try {
      await handle.appendFile(bytes.getBytes());
    } catch (error) {
      throw outputError(error, partial);
    }
    bytes.index = 0;
  };
  const endGroup = async () => {
    const columnData = columns.map((name) => ({ name, data: rows.map((row) => row[name]) }));
    await parquet.write({ columnData, rowGroupSize: groupRows });
    rows = [];
    chars = 0;
    await flush();
  };

  return {
    add(row) {
      if (typeof row === 'string') throw new OutputError('a line cannot be written to parquet', { path: target });
      rows.push(row as Record<string, unknown>);
      chars += JSON.stringify(row).length;
      return rows.length >= groupRows || chars >= groupChars ? endGroup() : undefined;
    },
    async commit() {
      if (rows.length > 0) await endGroup();
      await parquet.finish();
      await flush();
      try {
        await handle.sync();
        await handle.close();
        await rename(partial, target);
      } catch (error) {
        throw outputError(error, target);
      }
    },
    /** Without its footer, what is there cannot be read. */
    async abandon() {
      await handle.close().catch(() => {});
      await rm(partial, { force: true }).catch(() => {});
    },
  };
}

const required = 'REQUIRED' as const;

/** The elements of a column, parents first, as the footer lists them. */
function elementsOf(name: string, { type, properties, items }: RowSchema): SchemaElement[] {
  if (properties !== undefined) {
    const children = Object.entries(properties);
    const group: SchemaElement = { name, repetition_type: required, num_children: children.length };
    return [group, ...children.flatMap(([child, schema]) => elementsOf(child, schema))];
  }
  if (items !== undefined) {
    return [
      { name, repetition_type: required, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', items),
    ];
  }
  if (type === 'boolean') return [{ name, repetition_type: required, type: 'BOOLEAN' }];
  if (type === 'number' || type === 'integer') return [{ name, repetition_type: required, type: 'DOUBLE' }];
  return [{ name, repetition_type: required, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
}
