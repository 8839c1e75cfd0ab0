/**
 * Question: what does bm25-hard-neg lose in addition to its searches? Records are read from a JSONL file, mined for and written to a JSONL file, and the
 * same questions are only searched for (k = 10), from the same open index with the same number of search threads and 16 in flight.
 * Rounds alternate, each with questions that no earlier one had, so that neither side meets warm documents; medians are printed, one
 * JSON line a way of sampling. Starting the process is in neither figure.
 *
 * usage: npm run -s bench -- end-to-end --corpus FILE[.gz] [--limit DOCS] [--questions 500] [--rounds 5] [--threads 1] [--seed 1]
 *   [--index PATH] (used if it exists, else built; without it, a temporary one)
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bm25HardNeg, drain, mapConcurrent, openIndex, readJsonl, writeJsonl } from '../src/index.js';
import { ensureIndex, type Questioned, questions } from './support/questions.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    limit: { type: 'string', default: 'Infinity' },
    questions: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    index: { type: 'string' },
  },
});
if (values.corpus === undefined) throw new Error('--corpus FILE is needed');
const options = { corpus: values.corpus, copies: 1, limit: Number(values.limit) };
const [count, rounds, threads] = [values.questions, values.rounds, values.threads].map(Number) as [
  number,
  number,
  number,
];
const concurrency = 16;
const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-end-to-end-'));
try {
  const target = values.index ?? path.join(folder, 'index.bm25');
  await ensureIndex(target, options);
  await using index = await openIndex(target, { threads });
  const all = await questions(options, count * (1 + 2 * rounds), Number(values.seed));
  const size = Math.floor(all.length / (1 + 2 * rounds));
  const next = () => all.splice(0, size);

  const searched = async (records: Questioned[]) => {
    const source = async function* () {
      yield* records;
    };
    const search = ({ question }: Questioned) => index.search(question, { k: 10 });
    return rateOf(records.length, () => drain(mapConcurrent(source(), search, { concurrency })));
  };
  const mined = async (records: Questioned[], sampling: 'dissimilar' | 'top') => {
    const [from, to] = ['in.jsonl', 'out.jsonl'].map((name) => path.join(folder, name)) as [string, string];
    await writeFile(from, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const mine = bm25HardNeg({ index, sampling, concurrency, rejects: () => {} });
    return rateOf(records.length, () => drain(readJsonl(from).pipe(mine, writeJsonl(to))));
  };

  await searched(all.slice(0, size));
  await mined(next(), 'dissimilar');
  const rates: Record<'search' | 'dissimilar' | 'top', number[]> = { search: [], dissimilar: [], top: [] };
  for (let round = 0; round < rounds; round++) {
    const [one, other] = [next(), next()];
    rates.dissimilar.push(await mined(one, 'dissimilar'));
    rates.search.push(await searched(other.concat(one)));
    rates.top.push(await mined(other, 'top'));
  }
  for (const sampling of ['dissimilar', 'top'] as const) {
    const [searchesPerSecond, questionsPerSecond] = [median(rates.search), median(rates[sampling])];
    const ratio = Number((questionsPerSecond / searchesPerSecond).toFixed(2));
    const figures = {
      questionsPerSecond: Math.round(questionsPerSecond),
      searchesPerSecond: Math.round(searchesPerSecond),
    };
    console.log(JSON.stringify({ bench: 'end-to-end', docs: index.docCount, threads, sampling, ...figures, ratio }));
  }
} finally {
  await rm(folder, { recursive: true });
}

async function rateOf(records: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (records * 1000) / (performance.now() - startedMs);
}

function median(rates: number[]): number {
  return rates.toSorted((a, b) => a - b)[rates.length >> 1] as number;
}
