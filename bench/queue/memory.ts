// The memory of Redis while a worker answers at once: nothing but its own pace bounds what lies there.
import path from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../test/support/redisServer.js';
import { atQueue, attemptsOf, corpus, finish, folder, numberOf, sleep, start, startProgram } from './harness.js';

const SLOTS = 128;

export async function memory() {
  const records = numberOf('records', 100_000);
  const input = corpus(records, { words: 150 });
  await using redis = await startRedis(folder);
  const client = new Redis(redis.port);
  const script = path.join(import.meta.dirname, 'instantWorker.ts');
  const { child } = startProgram([
    ...[process.execPath, '--import', import.meta.resolve('tsx'), script, redis.url, 'mem', String(SLOTS)],
  ]);
  while ((await client.hlen('rareflow:mem:workers')) === 0) await sleep(100);
  const output = path.join(folder, 'mem.jsonl');
  const args = ['doc2query', input, '-o', output, '--model', 'any', '--concurrency', String(1.5 * SLOTS)];
  const run = start([...args, ...atQueue(redis, 'mem'), '--no-cache']);
  const used: number[] = [];
  let [calls, callBytes] = [0, 0];
  const startedMs = performance.now();
  while (run.child.exitCode === null) {
    used.push(figure(await client.info('memory'), 'used_memory'));
    for (const size of await callSizes(client)) [calls, callBytes] = [calls + 1, callBytes + size];
    await Promise.race([sleep(500), run.ended]);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  await finish(run);
  const peak = figure(await client.info('memory'), 'used_memory_peak');
  await sleep(500);
  const atEnd = figure(await client.info('memory'), 'used_memory');
  client.disconnect();
  child.kill('SIGTERM');
  const bytesOfCall = callBytes / calls;
  const most = 2 * SLOTS * bytesOfCall + 30e6;
  used.sort((a, b) => a - b);
  const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
  return {
    ...{ records, slots: SLOTS, seconds, callsPerSecond: records / seconds, bytesOfCall, ...attemptsOf(output) },
    ...{ medianMB: megabytes(used[used.length >> 1] ?? 0), peakMB: megabytes(peak), atEndMB: megabytes(atEnd) },
    ...{ mostMB: megabytes(most), isWithin: peak <= most },
  };
}

const figure = (info: string, name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);

/** The lengths of some answered calls, prompt and answer together. */
async function callSizes(client: Redis): Promise<number[]> {
  const ids = await client.zrange('rareflow:mem:completed', '0', '4');
  const sizes = await Promise.all(
    ids.map(async (id) => {
      const [data, value] = await client.hmget(`rareflow:mem:${id}`, 'data', 'returnvalue');
      return data && value ? data.length + value.length : 0;
    }),
  );
  return sizes.filter((size) => size > 0);
}
