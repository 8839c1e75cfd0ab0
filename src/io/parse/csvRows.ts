import { isUtf8 } from 'node:buffer';
import { type CsvDialect, dialectOf, valuesOfRows } from './csvDialect.js';
import { type BadLine, notUtf8, type ParsedLines, SHOWN_BYTES, SHOWN_CHARS } from './jsonLines.js';
import { LineSplitter } from './lineSplitter.js';
import { isListColumn, parseStringList } from './stringList.js';

const QUOTE = 0x22;
const ROW_END = Buffer.from('\n');

/** The error of a table whose first row shows no columns. */
export class TableProblem extends Error {}

/** A row whose lines are complete. */
interface Row {
  bytes: Buffer;
  line: number;
}

export interface CsvRowsOptions {
  kind: 'csv' | 'tsv';
  maxLineBytes: number;
  /** The form of the table, if its first row was read before. */
  dialect?: CsvDialect | undefined;
  /** The number of lines before. */
  line?: number;
}

/**
 * Parses the rows of a table, whatever chunks they come in. A row ends at a line feed that is not within quotes; the values of
 * all rows of a chunk are parsed at once. If a quote is never closed, its line is a bad one, and the lines that it would have
 * swallowed are read one by one.
 */
export class CsvRows {
  readonly #kind: 'csv' | 'tsv';
  readonly #maxLineBytes: number;
  readonly #lines: LineSplitter;
  #dialect: CsvDialect | undefined;
  #line: number;
  /** The lines of a row with an open quote. */
  #open: Buffer[] = [];
  #openBytes = 0;
  #items: (Row | BadLine)[] = [];

  constructor({ kind, maxLineBytes, dialect, line = 0 }: CsvRowsOptions) {
    this.#kind = kind;
    this.#maxLineBytes = maxLineBytes;
    this.#lines = new LineSplitter({ maxLineBytes, keptBytes: SHOWN_BYTES });
    this.#dialect = dialect;
    this.#line = line;
  }

  /** The form of the table; undefined until its first row is complete. */
  get dialect(): CsvDialect | undefined {
    return this.#dialect;
  }

  /** The number of lines of finished rows. */
  get line(): number {
    return this.#line - this.#open.length;
  }

  /** The number of bytes that wait for the end of their row. */
  get heldBytes(): number {
    return this.#openBytes + this.#lines.heldBytes;
  }

  /** Throws TableProblem if the first row shows no columns. */
  push(bytes: Buffer): ParsedLines {
    this.#lines.push(bytes);
    while (this.#lines.next()) this.#takeLine();
    return this.#take();
  }

  /** Parses the last row. Throws TableProblem as `push`. */
  end(): ParsedLines {
    if (this.#lines.finish()) this.#takeLine();
    this.#closeOpen();
    return this.#take();
  }

  #takeLine(): void {
    const { line: bytes, length } = this.#lines;
    this.#line++;
    if (length > this.#maxLineBytes) {
      this.#closeOpen(this.#line - 1);
      this.#refuse(bytes, this.#line, `longer than ${this.#maxLineBytes} bytes: raise maxLineBytes (--max-line-bytes)`);
      return;
    }
    if (this.#open.length === 0 && isBlankLine(bytes)) return;
    // Tabs may separate values that are not quoted, which the first line shows: it is always a row.
    const isFirstOfTsv = this.#dialect === undefined && this.#kind === 'tsv';
    const isOpen = !isFirstOfTsv && this.#endsWithinQuotes(bytes, this.#open.length > 0);
    if (this.#open.length === 0 && !isOpen) {
      this.#addRow(bytes, this.#line);
      return;
    }
    this.#open.push(bytes);
    this.#openBytes += bytes.length + 1;
    if (!isOpen) {
      const row = Buffer.concat(this.#open.flatMap((line, at) => (at === 0 ? [line] : [ROW_END, line])));
      const first = this.#line - this.#open.length + 1;
      this.#open = [];
      this.#openBytes = 0;
      this.#addRow(row, first);
    } else if (this.#openBytes > this.#maxLineBytes) {
      this.#closeOpen();
    }
  }

  /** Refuses the line of a quote that is not closed, and reads the lines after it one by one. `last` is the number of the last of them. */
  #closeOpen(last = this.#line): void {
    const lines = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    for (const [at, bytes] of lines.entries()) {
      const line = last - lines.length + 1 + at;
      if (isBlankLine(bytes)) continue;
      if (this.#endsWithinQuotes(bytes, false))
        this.#refuse(bytes, line, `a quote is opened and not closed within ${this.#maxLineBytes} bytes`);
      else this.#addRow(bytes, line);
    }
  }

  #endsWithinQuotes(line: Buffer, isWithin: boolean): boolean {
    let at = line.indexOf(QUOTE);
    if (at === -1 || this.#dialect?.quoted === false) return isWithin;
    const delimiter = this.#dialect?.delimiter.charCodeAt(0);
    let isOpen = isWithin;
    for (; at !== -1; at = line.indexOf(QUOTE, at + 1)) {
      if (!isOpen) isOpen = at === 0 || (delimiter === undefined ? true : line[at - 1] === delimiter);
      else if (line[at + 1] === QUOTE) at++;
      else isOpen = false;
    }
    return isOpen;
  }

  /** Adds a row; the first one decides the form of the table. */
  #addRow(bytes: Buffer, line: number): void {
    if (!isUtf8(bytes)) {
      this.#refuse(bytes, line, notUtf8(bytes));
      return;
    }
    if (this.#dialect === undefined) {
      const dialect = dialectOf(bytes, this.#kind);
      if ('problem' in dialect) throw new TableProblem(dialect.problem);
      this.#dialect = dialect;
      if (dialect.hasHeader) return;
    }
    this.#items.push({ bytes, line });
  }

  #refuse(bytes: Buffer, line: number, reason: string): void {
    const text = bytes.toString('utf8', 0, SHOWN_BYTES).replace(/\r$/, '').slice(0, SHOWN_CHARS);
    this.#items.push({ reason, line, text });
  }

  #take(): ParsedLines {
    const items = this.#items;
    this.#items = [];
    const parsed: ParsedLines = { records: [], bad: [] };
    const dialect = this.#dialect;
    if (dialect === undefined) return parsed;
    const rows = items.filter((item): item is Row => 'bytes' in item);
    const values = valuesOfAll(rows, dialect);
    let next = 0;
    for (const item of items) {
      const row = 'bytes' in item ? recordOf(item, values[next++] as string[] | string, dialect) : item;
      if ('record' in row) parsed.records.push(row.record);
      else parsed.bad.push({ after: parsed.records.length, badLine: row });
    }
    return parsed;
  }
}

/** Returns the values of each row, or why it cannot be parsed. */
function valuesOfAll(rows: Row[], dialect: CsvDialect): (string[] | string)[] {
  if (rows.length === 0) return [];
  try {
    const all = valuesOfRows(Buffer.concat(rows.flatMap(({ bytes }) => [bytes, ROW_END])), dialect);
    if (all.length === rows.length) return all;
  } catch {
    // One of the rows is wrong: each is parsed by itself.
  }
  return rows.map(({ bytes }) => {
    try {
      const [values = [], ...others] = valuesOfRows(bytes, dialect);
      return others.length === 0 ? values : 'not one row of CSV';
    } catch (error) {
      return `not CSV: ${error instanceof Error ? error.message : String(error)}`;
    }
  });
}

function recordOf(
  { bytes, line }: Row,
  values: string[] | string,
  { columns }: CsvDialect,
): { record: Record<string, string | string[]> } | BadLine {
  const reason =
    typeof values === 'string'
      ? values
      : values.length === columns.length
        ? undefined
        : `has ${values.length} values for ${columns.length} columns (${columns.join(', ')})`;
  if (reason !== undefined) {
    return { reason, line, text: bytes.toString('utf8', 0, SHOWN_BYTES).slice(0, SHOWN_CHARS) };
  }
  return { record: Object.fromEntries(columns.map((name, at) => [name, cellOf(name, values[at] as string)])) };
}

/** A list of texts in a table is the text of a list: `['a', 'b']`, as pandas writes it. */
const cellOf = (column: string, value: string): string | string[] =>
  isListColumn(column) ? (parseStringList(value) ?? value) : value;

const isBlankLine = (line: Buffer): boolean => line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
