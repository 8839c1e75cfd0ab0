import { InputError } from '../../errors.js';
import { binaryReason } from '../parse/binaryFormats.js';
import type { CsvDialect } from '../parse/csvDialect.js';
import type { ParsedLines } from '../parse/jsonLines.js';
import type { Chunk } from './byteChunks.js';
import { asUtf8 } from './encoding.js';
import { type Input, openInput } from './input.js';
import { readInOrder } from './readJsonl.js';
import { type FormatContext, type InputReader, type RecordFormat, sequential } from './recordStream.js';

const HEADER_HINT = 'write the names of the columns into the first line, such as id,text';

/** Makes the reader of a table: a record for each row, with the columns as its keys; all values are strings. */
export function tableReader(kind: 'csv' | 'tsv'): InputReader {
  return async function* (input, context) {
    // A table that is entered midway has its header at its start.
    const isEntered = (context.from?.line ?? 0) > 0;
    const dialect = isEntered ? await dialectAt(input, kind, context) : undefined;
    yield* sequential(tableFormat(kind, dialect))(input, context);
  };
}

const tableFormat = (kind: 'csv' | 'tsv', dialect?: CsvDialect): RecordFormat =>
  async function* (source, context) {
    const { path, maxLineBytes, from, canResumeAt } = context;
    const { CsvRows } = await import('../parse/csvRows.js');
    const line = from?.line ?? 0;
    const { chunks, packed, recoded } =
      line > 0 ? { chunks: source, packed: undefined, recoded: false } : await asUtf8(source);
    if (packed !== undefined) throw new InputError(binaryReason(packed, path), { path });
    const rows = new CsvRows({ kind, maxLineBytes, dialect, line });
    let isNoticed = dialect !== undefined;
    for await (const chunk of chunks) {
      yield* readInOrder(await parsedRows(path, () => rows.push(chunk.bytes)), chunk.rawBytes, context);
      if (!isNoticed && rows.dialect !== undefined) {
        isNoticed = true;
        const { columns, delimiter } = rows.dialect;
        context.format(`a table of ${columns.length} columns, separated by ${JSON.stringify(delimiter)}`);
        if (!rows.dialect.hasHeader) context.notice(`${path} has no header: its columns are read as id and text`);
      }
      // Rows of UTF-16 have other offsets than the bytes of the file.
      if (!recoded) canResumeAt?.(chunk, chunk.bytes.length - rows.heldBytes, rows.line);
    }
    yield* readInOrder(await parsedRows(path, () => rows.end()), 0, context);
  };

async function parsedRows(path: string, parse: () => ParsedLines): Promise<ParsedLines> {
  const { TableProblem } = await import('../parse/csvRows.js');
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TableProblem)) throw error;
    throw new InputError(error.message, { path, line: 1, hint: HEADER_HINT, cause: error });
  }
}

/** Reads the first row of a table. */
async function dialectAt(input: Input, kind: 'csv' | 'tsv', context: FormatContext): Promise<CsvDialect | undefined> {
  const { CsvRows } = await import('../parse/csvRows.js');
  const rows = new CsvRows({ kind, maxLineBytes: context.maxLineBytes });
  const { chunks, close } = openInput(input, { isFile: true });
  try {
    for await (const { bytes } of chunks as AsyncIterable<Chunk>) {
      rows.push(bytes);
      if (rows.dialect !== undefined) return rows.dialect;
    }
  } finally {
    await close();
  }
  return undefined;
}
