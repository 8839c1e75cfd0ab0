// The coordinator is killed at a random moment of each run, and started again: no call is made twice. Several queues are used at
// once, since each start waits until the one before has been silent for 10 s.
import path from 'node:path';
import { seededRandom } from '../../src/util/random.js';
import { type RedisServer, startRedis } from '../../test/support/redisServer.js';
import {
  atQueue,
  bareLines,
  callsOf,
  corpus,
  digest,
  finish,
  folder,
  indexOf,
  numberOf,
  recordsOfOneProcess,
  rejectBytes,
  runArgs,
  sleep,
  start,
  startWorkers,
  stopAll,
} from './harness.js';

const QUEUES = 4;
const RECORDS = 60;

export async function coordinator() {
  const kills = numberOf('runs', 20);
  await using redis = await startRedis(folder);
  const all = corpus(RECORDS * kills);
  const index = await indexOf(all);
  const expected = await recordsOfOneProcess(all, index);
  const seeds = Array.from({ length: kills }, (_, seed) => seed);
  const queues = Array.from({ length: QUEUES }, (_, queue) => seeds.filter((seed) => seed % QUEUES === queue));
  const runs = await Promise.all(
    queues.map((seeds, queue) => killed({ redis, index, expected, name: `c${queue}`, seeds })),
  );
  const done = runs.flat();
  const good = done.filter((run) => run.calls === 2 * RECORDS && run.isEqual && run.rejectBytes === 0).length;
  return { records: RECORDS, needed: 2 * RECORDS, kills, good, runs: done };
}

interface Kills {
  redis: RedisServer;
  index: string;
  /** The records of one process, those of all seeds. */
  expected: string[];
  name: string;
  seeds: number[];
}

async function killed({ redis, index, expected, name, seeds }: Kills) {
  const workers = await startWorkers(redis, name, [{ medianMs: 200, sigma: 0.5 }], 16);
  const runs = [];
  for (const seed of seeds) {
    const random = seededRandom('coordinator', seed);
    const output = path.join(folder, `c-${seed}.jsonl`);
    const input = corpus(RECORDS, { from: seed * RECORDS });
    const args = runArgs(input, output, 24, [...atQueue(redis, name), '--index', index]);
    const before = callsOf(workers);
    const killAt = 1 + Math.floor(random() * (2 * RECORDS - 1));
    const run = start(args);
    while (callsOf(workers) - before < killAt && run.child.exitCode === null) await sleep(5);
    await sleep(random() * 150);
    run.child.kill('SIGKILL');
    const { code } = await run.ended;
    const killedAt = callsOf(workers) - before;
    await finish(start(args));
    const isEqual = digest(bareLines(output)) === digest(expected.slice(seed * RECORDS, (seed + 1) * RECORDS));
    const calls = callsOf(workers) - before;
    runs.push({ seed, wasRunning: code === null, killedAt, calls, isEqual, rejectBytes: rejectBytes(output) });
    console.error(JSON.stringify(runs.at(-1)));
  }
  await stopAll(workers);
  return runs;
}
