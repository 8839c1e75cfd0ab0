import { parse } from 'csv-parse/sync';

/** The form of a table: its columns and the way its rows are written. */
export interface CsvDialect {
  columns: string[];
  delimiter: string;
  /** False if quotes are a part of the values. */
  quoted: boolean;
  /** False if the first row is a row of values. */
  hasHeader: boolean;
}

const delimiters = [',', '\t', ';', '|'];

/** Names of columns that show that a first row is a header. */
const COMMON_NAMES =
  /^(id|_id|ids?|doc_?id|doc_?no|pid|qid|uid|idx|index|key|text|texts|contents?|body|passage|document|abstract|paragraph|sentence|title|url|question|query|scenario|answer|label|score|source|lang|language|topic|date|name|hard_negatives|reasoning)$/i;
const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-/ ]{0,63}$/u;

/** Parses the values of rows of a table; each row is an array. Throws if a quote is not closed. */
export function valuesOfRows(
  rows: Buffer,
  { delimiter, quoted }: Pick<CsvDialect, 'delimiter' | 'quoted'>,
): string[][] {
  return parse(rows, {
    delimiter,
    ...{ quote: quoted ? '"' : null, escape: quoted ? '"' : null, record_delimiter: ['\r\n', '\n'] },
    ...{ relax_quotes: true, relax_column_count: true, bom: true },
  });
}

/**
 * Returns the form of a table by its first row. A row of names is its header. A table of two columns without one holds ids
 * and texts, and its values are not quoted if tabs separate them, as in the collections of MS MARCO.
 */
export function dialectOf(firstRow: Buffer, kind: 'csv' | 'tsv'): CsvDialect | { problem: string } {
  const candidates = (kind === 'tsv' ? ['\t'] : delimiters).map((delimiter) => ({
    delimiter,
    values: valuesOfRows(firstRow, { delimiter, quoted: kind === 'csv' })[0] ?? [],
  }));
  const { delimiter, values } = candidates.reduce((best, one) => (one.values.length > best.values.length ? one : best));
  if (isHeader(values)) {
    const columns = values.map((name, at) => unquoted(name) || `column_${at + 1}`);
    const repeated = columns.find((name, at) => columns.indexOf(name) !== at);
    if (repeated !== undefined) return { problem: `two columns are named ${JSON.stringify(repeated)}` };
    return { columns, delimiter, quoted: true, hasHeader: true };
  }
  if (values.length === 2) {
    return { columns: ['id', 'text'], delimiter, quoted: delimiter !== '\t', hasHeader: false };
  }
  return {
    problem: `the first line does not look like a header: ${values.length} values, such as ${JSON.stringify(values[0]?.slice(0, 40))}`,
  };
}

function isHeader(values: string[]): boolean {
  const names = values.map(unquoted);
  if (names.some((name) => COMMON_NAMES.test(name)) && names.every((name) => name.length <= 64)) return true;
  // The column of pandas' row numbers has no name.
  const named = names[0] === '' ? names.slice(1) : names;
  const isName = (name: string) => NAME.test(name) && (names.length > 2 || !name.includes(' '));
  return named.length > 0 && named.every(isName);
}

const unquoted = (name: string): string => name.trim().replace(/^"(.*)"$/, '$1');
