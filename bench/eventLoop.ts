/**
 * How long is the event loop held while negatives are mined at full speed? One question after the other is mined for, 16 in flight, with
 * the defaults of bm25HardNeg and `threads` search workers, as the command does it; the questions are 30 words of documents chosen by
 * the seed. Delays are those of perf_hooks.monitorEventLoopDelay (resolution 1 ms, which is in them), after a round that warms up.
 * The corpus may be indexed several times over under other ids: then each question has as many copies of its document and of every
 * candidate in its way, which are all read and refused.
 *
 * usage: npm run -s bench -- event-loop --corpus FILE[.gz] [--copies 10] [--limit DOCS] [--questions 500] [--threads 1] [--seed 1]
 *   [--index PATH] (used where it is there, made there where not; without it, a temporary one)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { bm25HardNeg, drain, openIndex } from '../src/index.js';
import { ensureIndex, type Questioned, questions } from './support/questions.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    copies: { type: 'string', default: '10' },
    limit: { type: 'string', default: 'Infinity' },
    questions: { type: 'string', default: '500' },
    threads: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    index: { type: 'string' },
  },
});
if (values.corpus === undefined) throw new Error('--corpus FILE is needed');
const options = { corpus: values.corpus, copies: Number(values.copies), limit: Number(values.limit) };
const folder = await mkdtemp(path.join(os.tmpdir(), 'rareflow-event-loop-'));
try {
  const target = values.index ?? path.join(folder, 'index.bm25');
  await ensureIndex(target, options);
  const asked = await questions(options, Number(values.questions), Number(values.seed));
  const warm = await questions(options, Math.ceil(asked.length / 10), Number(values.seed) + 1);
  const threads = Number(values.threads);
  await using index = await openIndex(target, { threads });
  const mine = async (records: Questioned[]) => {
    const source = async function* () {
      yield* records;
    };
    await drain(bm25HardNeg({ index, rejects: () => {} })(source()));
  };
  await mine(warm);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedMs = performance.now();
  await mine(asked);
  const seconds = (performance.now() - startedMs) / 1000;
  delay.disable();
  const ms = (nanoseconds: number) => Number((nanoseconds / 1e6).toFixed(1));
  console.log(
    JSON.stringify({
      bench: 'event-loop',
      docs: index.docCount,
      threads,
      questions: asked.length,
      questionsPerSecond: Number((asked.length / seconds).toFixed(1)),
      delayMs: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
    }),
  );
} finally {
  await rm(folder, { recursive: true });
}
