// Records a second with 1, 2 and 4 workers, from the first answer to the last.
import path from 'node:path';
import { startRedis } from '../../test/support/redisServer.js';
import { atQueue, callsOf, corpus, finish, folder, indexOf, runArgs, start, startWorkers, stopAll } from './harness.js';

export async function throughput() {
  const rates: Record<number, number> = {};
  for (const count of [1, 2, 4]) {
    const input = corpus(60 * count);
    const index = await indexOf(input);
    await using redis = await startRedis(folder);
    const name = `t${count}`;
    const workers = await startWorkers(redis, name, Array(count).fill({ medianMs: 4000 }), 8);
    const more = [...atQueue(redis, name), '--no-cache', '--index', index];
    const run = start(runArgs(input, path.join(folder, `t${count}.jsonl`), 12 * count, more));
    let firstMs = 0;
    let lastMs = 0;
    let seen = 0;
    const timer = setInterval(() => {
      const calls = callsOf(workers);
      if (calls > seen) lastMs = performance.now();
      if (seen === 0 && calls > 0) firstMs = performance.now();
      seen = calls;
    }, 20);
    await finish(run);
    clearInterval(timer);
    rates[count] = (60 * count) / ((lastMs - firstMs) / 1000);
    await stopAll(workers);
  }
  const [one = 0, two = 0, four = 0] = [rates[1], rates[2], rates[4]];
  return { network: 'loopback', recordsPerSecond: rates, two: two / one, four: four / one };
}
