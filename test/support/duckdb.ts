import { DuckDBInstance } from '@duckdb/node-api';

/** Runs queries in one DuckDB in memory, and resolves to the rows of the last one, as JSON. */
export async function duckdb(...queries: string[]): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const query of queries) rows = (await connection.runAndReadAll(query)).getRowObjectsJson();
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Returns how a query reads a file: JSON Lines as DuckDB infers them from all rows, or parquet. */
export function tableOf(file: string): string {
  return /parquet$/.test(file) ? `read_parquet('${file}')` : `read_json('${file}', sample_size = -1)`;
}

/** Resolves to the type of each column of a file, by its name. */
export async function columnTypes(file: string): Promise<Record<string, unknown>> {
  const columns = await duckdb(`DESCRIBE SELECT * FROM ${tableOf(file)}`);
  return Object.fromEntries(columns.map(({ column_name, column_type }) => [column_name, column_type]));
}

/** Resolves to the number of rows that only one of two files holds. */
export async function rowsThatDiffer(a: string, b: string): Promise<number> {
  const [first, second] = [a, b].map((file) => `SELECT * FROM ${tableOf(file)}`);
  const [row] = await duckdb(
    `SELECT count(*)::INTEGER AS n FROM ((${first} EXCEPT ALL ${second}) UNION ALL (${second} EXCEPT ALL ${first}))`,
  );
  return Number(row?.n);
}
