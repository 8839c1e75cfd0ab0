import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A document or a query. */
export interface Entry {
  id: string;
  text: string;
}

/** The figures of a system: seconds of the build, bytes of the index, queries per second. */
export interface PeerResult {
  docs: number;
  buildSeconds: number;
  indexBytes: number;
  /** Queries per second of the first pass over them, k = 10. */
  first?: number;
  k10: number;
  k100: number;
  /** The reason that its ranking differs from ours, if it must. */
  ranking?: string;
}

export async function* readEntries(file: string): AsyncGenerator<Entry> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line !== '') yield JSON.parse(line) as Entry;
  }
}

export function readAll(file: string): Entry[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}

/** Queries per second: the median of five rounds. */
export async function rate(queries: readonly Entry[], search: (text: string) => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedMs = performance.now();
    for (const { text } of queries) await search(text);
    seconds.push((performance.now() - startedMs) / 1000);
  }
  return queries.length / (seconds.sort((a, b) => a - b)[2] as number);
}

/** Queries per second of a slow system: as many queries as it answers in ten seconds. */
export async function rateWithin(queries: readonly Entry[], search: (text: string) => unknown): Promise<number> {
  const startedMs = performance.now();
  let answered = 0;
  for (const { text } of queries) {
    await search(text);
    answered++;
    if (performance.now() - startedMs > 10_000) break;
  }
  return (answered * 1000) / (performance.now() - startedMs);
}
