// All four faults in one run. What was paid is read from the ledgers of the servers, not from the counts of the run.
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../src/util/random.js';
import { type RedisServer, startRedis } from '../../test/support/redisServer.js';
import {
  atQueue,
  attemptsOf,
  bareLines,
  callsOf,
  corpus,
  digest,
  finish,
  folder,
  indexOf,
  numberOf,
  options,
  recordsOfOneProcess,
  rejectBytes,
  runArgs,
  sleep,
  slots,
  start,
  startWorkerAt,
  stopAll,
} from './harness.js';
import { openMachines, startServerIn } from './namespaces.js';

const appendonly = [
  ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
  ...['--aof-use-rdb-preamble', 'no', '--aof-load-truncated', 'yes'],
];

export async function faults() {
  const records = numberOf('records', 2000);
  const input = corpus(records);
  const index = await indexOf(input);
  const random = seededRandom('faults', Number(options.seed));
  const expected = await recordsOfOneProcess(input, index);

  using machines = openMachines(4, options.network);
  const heads = [...new Set(['127.0.0.1', ...machines.all.map(({ head }) => head)])];
  await using redis = await startRedis(folder, [
    ...appendonly,
    ...['--bind', heads.join(' '), '--protected-mode', 'no'],
  ]);
  const workers = await Promise.all(
    machines.all.map(async (machine, number) => {
      const server = await startServerIn(machine, { medianMs: 100, sigma: 0.4, seed: number + 1 });
      const queue = `redis://${machine.head}:${redis.port}`;
      return startWorkerAt(server, { queue, name: 'f', within: machine.within });
    }),
  );
  await Promise.all(workers.map(({ joined }) => joined));
  const output = path.join(folder, 'queued.jsonl');
  const args = runArgs(input, output, 6 * slots, [...atQueue(redis, 'f'), '--index', index]);
  const died: string[] = [];
  const notices: string[] = [];
  const startedMs = performance.now();
  let run = start(args, (line) => notices.push(line));
  const peak = peakMemory(redis);
  const happened = (what: string) => {
    died.push(`${what} at ${callsOf(workers)} calls`);
    console.error(died.at(-1));
  };
  const until = async (share: number) => {
    while (callsOf(workers) < share * 2 * records && run.child.exitCode === null) await sleep(50);
    if (run.child.exitCode !== null) await finish(run);
  };
  await until(0.15 + 0.05 * random());
  workers[0]?.child.kill('SIGKILL');
  happened('a worker kill -9');
  await until(0.3 + 0.05 * random());
  workers[1]?.child.kill('SIGSTOP');
  happened('a worker frozen 12 s');
  await sleep(12_000);
  workers[1]?.child.kill('SIGCONT');
  await until(0.5 + 0.05 * random());
  await redis.crash();
  happened(`Redis kill -9, ${cutLog(Math.round(random() * 1024))}`);
  await sleep(1000);
  await redis.restart();
  await until(0.75 + 0.05 * random());
  run.child.kill('SIGKILL');
  await run.ended;
  happened('the coordinator kill -9');
  run = start(args, (line) => notices.push(line));
  await finish(run);
  const seconds = (performance.now() - startedMs) / 1000;
  await sleep(300); // the last sums of the servers
  const calls = callsOf(workers);
  await stopAll(workers);
  const lines = bareLines(output);
  const { counted, unknown } = attemptsOf(output);
  return {
    ...{ network: machines.network, records, slots: 4 * slots, seconds, died },
    ...{ isEqual: digest(expected) === digest(lines), lines: lines.length, rejectBytes: rejectBytes(output) },
    ids: new Set(lines.map((line) => JSON.parse(line).id)).size,
    ...{ serverCalls: calls, paidAgain: calls - 2 * records, most: 4 * 4 * slots, counted, unknown },
    redisPeakMiB: peak() / 1024,
    notices: notices.filter((line) => /queue|worker|Redis|resum/.test(line)).slice(0, 40),
  };
}

/** Cuts the end of the log of Redis. */
function cutLog(kilobytes: number): string {
  const logs = path.join(folder, 'appendonlydir');
  const newest = readdirSync(logs)
    .filter((name) => name.endsWith('.incr.aof'))
    .sort((a, b) => Number(/\.(\d+)\.incr/.exec(a)?.[1]) - Number(/\.(\d+)\.incr/.exec(b)?.[1]))
    .at(-1) as string;
  const file = path.join(logs, newest);
  const { size } = statSync(file);
  truncateSync(file, Math.max(0, size - kilobytes * 1024));
  return `the last ${kilobytes} KB of the ${Math.round(size / 1024)} KB of its log cut`;
}

/** Watches the resident memory of Redis; returns a function that ends this and returns the peak in KiB. */
function peakMemory(redis: RedisServer): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${redis.process.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It is being started again.
    }
  }, 250);
  return () => {
    clearInterval(timer);
    return peak;
  };
}
