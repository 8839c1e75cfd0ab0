import type { SchemaElement } from 'hyparquet';
import { OutputError } from '../../errors.js';
import { loadableJson } from '../../util/loadableText.js';
import { openFileOutput } from './fileOutput.js';
import { columnsOf, type RowSchema } from './rowSchema.js';
import type { RowSink } from './writeFiles.js';

/** A row group ends at this many rows or characters. */
const GROUP_ROWS = 10_000;
const GROUP_CHARS = 16 * 1024 * 1024;

/**
 * Opens a parquet file for rows of a schema (objects of strings, booleans, numbers, lists and objects; none may be missing unless it is nullable).
 * It is a `.partial` until the commit, and nothing is left if it is abandoned: without its footer it cannot be read.
 */
export async function openParquet(target: string, schema: RowSchema): Promise<RowSink> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const output = await openFileOutput(target, { keepsLines: false });
  const columns = Object.keys(schema.properties ?? {});
  const bytes = new ByteWriter();
  const root = { name: 'root', num_children: columns.length };
  const elements = columns.flatMap((name) => elementsOf(name, schema.properties?.[name] ?? {}));
  const parquet = new ParquetWriter({ writer: bytes, schema: [root, ...elements] });
  let rows: Record<string, unknown>[] = [];
  let chars = 0;

  /** Writes what was encoded. */
  const flush = async () => {
    await output.write(bytes.getBytes());
    bytes.index = 0;
  };
  const endGroup = async () => {
    const values = rows.map((row) => columnsOf(row, schema.properties));
    const columnData = columns.map((name) => ({ name, data: values.map((row) => row[name]) }));
    await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    rows = [];
    chars = 0;
    await flush();
  };

  return {
    add(row) {
      if (typeof row === 'string') throw new OutputError('a line cannot be written to parquet', { path: target });
      const json = JSON.stringify(row);
      const loadable = loadableJson(json);
      rows.push((loadable === json ? row : JSON.parse(loadable)) as Record<string, unknown>);
      chars += json.length;
      return rows.length >= GROUP_ROWS || chars >= GROUP_CHARS ? endGroup() : undefined;
    },
    async commit() {
      if (rows.length > 0) await endGroup();
      await parquet.finish();
      await flush();
      await output.commit();
    },
    abandon: () => output.abandon(),
  };
}

/** Returns the elements of a column, parents first, as the footer lists them. */
function elementsOf(name: string, { type, properties, items, format, nullable }: RowSchema): SchemaElement[] {
  const element: SchemaElement = { name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' };
  if (properties !== undefined) {
    const children = Object.entries(properties);
    const group = { ...element, num_children: children.length };
    return [group, ...children.flatMap(([child, schema]) => elementsOf(child, schema))];
  }
  if (items !== undefined) {
    return [
      { ...element, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', items),
    ];
  }
  if (type === 'boolean') return [{ ...element, type: 'BOOLEAN' }];
  if (format === 'int64') return [{ ...element, type: 'INT64' }];
  if (type === 'number' || type === 'integer') return [{ ...element, type: 'DOUBLE' }];
  return [{ ...element, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
}
