// The coordinator is killed at a random moment of each run, and started again: no call is made twice.
import path from 'node:path';
import { seededRandom } from '../../src/util/random.js';
import { startRedis } from '../../test/support/redisServer.js';
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

export async function coordinator() {
  const [count, kills] = [60, numberOf('runs', 20)];
  await using redis = await startRedis(folder);
  const workers = await startWorkers(
    redis,
    'c',
    [1, 2].map((seed) => ({ medianMs: 200, sigma: 0.5, seed })),
    8,
  );
  const all = corpus(count * kills);
  const index = await indexOf(all);
  const expected = await recordsOfOneProcess(all, index);
  const runs = [];
  for (let seed = 0; seed < kills; seed += 1) {
    const random = seededRandom('coordinator', seed);
    const output = path.join(folder, `c-${seed}.jsonl`);
    const args = runArgs(corpus(count, { from: seed * count }), output, 24, [...atQueue(redis, 'c'), '--index', index]);
    const before = callsOf(workers);
    const killAt = 1 + Math.floor(random() * (2 * count - 1));
    const run = start(args);
    while (callsOf(workers) - before < killAt && run.child.exitCode === null) await sleep(5);
    await sleep(random() * 150);
    run.child.kill('SIGKILL');
    await run.ended;
    const killedAt = callsOf(workers) - before;
    await finish(start(args));
    const isEqual = digest(bareLines(output)) === digest(expected.slice(seed * count, (seed + 1) * count));
    runs.push({ killedAt, calls: callsOf(workers) - before, isEqual, rejectBytes: rejectBytes(output) });
    console.error(JSON.stringify(runs.at(-1)));
  }
  await stopAll(workers);
  const good = runs.filter((run) => run.calls === 2 * count && run.isEqual && run.rejectBytes === 0).length;
  return { records: count, needed: 2 * count, kills, good, runs };
}
