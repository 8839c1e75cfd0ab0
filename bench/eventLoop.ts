/**
 * Question: how long is the event loop blocked while negatives are mined at full speed? One question after the other is mined for, 16 in flight, with
 * the defaults of bm25HardNeg and `threads` search workers, as the command does it; the questions are 30 words of documents chosen by
 * the seed. Delays are those of perf_hooks.monitorEventLoopDelay (resolution 1 ms, which is in them), after a round that warms up.
 * On Linux two figures show the share of rareflow: the processor time of each turn of the loop (`turnCpuMs`), and the part of the time
 * that the thread was ready to run and other programs had the processors (`waitedForCpu`).
 * The corpus may be indexed several times over under other ids: then each question has as many copies of its document and of every
 * candidate in its way, which are all read and refused.
 *
 * usage: npm run -s bench -- event-loop --corpus FILE[.gz] [--copies 10] [--limit DOCS] [--questions 500] [--threads 1] [--seed 1]
 *   [--index PATH] (used if it exists, else built; without it, a temporary one)
 */
import { readFileSync } from 'node:fs';
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
  const turnCpu: number[] = [];
  let last = mainThread();
  const { waited: waitedBefore } = last;
  const watch = () => {
    const now = mainThread();
    turnCpu.push(now.ran - last.ran);
    last = now;
    turn = setTimeout(watch);
  };
  let turn = setTimeout(watch);
  delay.enable();
  const startedMs = performance.now();
  await mine(asked);
  const seconds = (performance.now() - startedMs) / 1000;
  delay.disable();
  clearTimeout(turn);
  turnCpu.sort((a, b) => a - b);
  const ms = (nanoseconds: number) => Number((nanoseconds / 1e6).toFixed(1));
  const cpuAt = (part: number) => ms(turnCpu[Math.floor(part * (turnCpu.length - 1))] as number);
  console.log(
    JSON.stringify({
      bench: 'event-loop',
      docs: index.docCount,
      threads,
      questions: asked.length,
      questionsPerSecond: Number((asked.length / seconds).toFixed(1)),
      delayMs: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
      ...(process.platform === 'linux' && {
        turnCpuMs: { p50: cpuAt(0.5), p99: cpuAt(0.99), max: cpuAt(1) },
        waitedForCpu: Number(((mainThread().waited - waitedBefore) / 1e9 / seconds).toFixed(2)),
      }),
    }),
  );
} finally {
  await rm(folder, { recursive: true });
}

/** Returns the nanoseconds that the main thread ran, and waited for a processor; 0 if the system does not say. */
function mainThread(): { ran: number; waited: number } {
  if (process.platform !== 'linux') return { ran: 0, waited: 0 };
  const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ').map(Number);
  return { ran: ran as number, waited: waited as number };
}
