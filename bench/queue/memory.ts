// The memory of Redis while calls are answered at once: only the pace of the coordinator and the worker bounds what lies there.
import path from 'node:path';
import { Redis } from 'ioredis';
import { createModel, doc2Query, readJsonl } from '../../src/index.js';
import { callQueue } from '../../src/queue/callQueue.js';
import { startRedis } from '../../test/support/redisServer.js';
import { corpus, folder, numberOf, sleep, startProgram } from './harness.js';

const SLOTS = 128;
const CONCURRENCY = 1.5 * SLOTS;

export async function memory() {
  const records = numberOf('records', 100_000);
  const input = corpus(records, { words: 150 });
  await using redis = await startRedis(folder);
  const client = new Redis(redis.port);
  const script = path.join(import.meta.dirname, 'instantWorker.ts');
  const tsx = import.meta.resolve('tsx');
  const { child } = startProgram([process.execPath, '--import', tsx, script, redis.url, 'mem', String(SLOTS)]);
  while ((await client.hlen('rareflow:mem:rareflow-workers')) === 0) await sleep(100);
  const attempts = callQueue({ queue: redis.url, queueName: 'mem' });
  const model = createModel({ model: 'any', attempts, concurrency: CONCURRENCY });
  const used: number[] = [];
  let sampled: number[] = [];
  const watch = async () => {
    used.push(figure(await client.info('memory'), 'used_memory'));
    if (sampled.length < 1000) sampled = [...sampled, ...(await callSizes(client))];
  };
  const timer = setInterval(() => void watch(), 500);
  const startedMs = performance.now();
  let out = 0;
  for await (const _record of readJsonl(input).pipe(doc2Query({ model, concurrency: CONCURRENCY }))) {
    out += 1;
    if (out % 1000 === 0) console.error(`${out} records, ${megabytes(used.at(-1) ?? 0)} MB in Redis`);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(timer);
  const peak = figure(await client.info('memory'), 'used_memory_peak');
  const { attempts: counted, unknownAttempts: unknown } = model.usage().total;
  await model.close();
  const atEnd = figure(await client.info('memory'), 'used_memory');
  client.disconnect();
  child.kill('SIGTERM');
  const bytesOfCall = sampled.reduce((sum, size) => sum + size, 0) / sampled.length;
  const most = 2 * SLOTS * bytesOfCall + 30e6;
  used.sort((a, b) => a - b);
  return {
    ...{ records, out, counted, unknown, slots: SLOTS, seconds, callsPerSecond: records / seconds, bytesOfCall },
    ...{ medianMB: megabytes(used[used.length >> 1] ?? 0), peakMB: megabytes(peak), atEndMB: megabytes(atEnd) },
    ...{ mostMB: megabytes(most), isWithin: peak <= most },
  };
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;

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
