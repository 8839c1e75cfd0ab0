import { readRecords } from '../io/read/readRecords.js';
import { BenchmarkNgrams } from '../operators/decontaminate/benchmarkNgrams.js';

/** Reads the n-grams of benchmark files: of every text in their records, also in lists and objects. */
export async function readBenchmarks(files: readonly string[]): Promise<BenchmarkNgrams> {
  const ngrams = new BenchmarkNgrams();
  for (const file of files) {
    for await (const record of readRecords([file])) for (const text of textsIn(record)) ngrams.add(file, text);
  }
  return ngrams;
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) yield* textsIn(one);
}
