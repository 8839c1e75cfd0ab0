// Workers join and leave every 5 s while the run keeps a limit of requests a minute.
import path from 'node:path';
import { startRedis } from '../../test/support/redisServer.js';
import {
  atQueue,
  attemptsOf,
  bareLines,
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
  startServer,
  startWorkerAt,
} from './harness.js';

const PER_MINUTE = 1800;
const WINDOW_MS = 60_000;

export async function membership() {
  const seconds = numberOf('seconds', 120);
  const records = Math.ceil((seconds * PER_MINUTE) / 60 / 2) + 300;
  const input = corpus(records);
  const index = await indexOf(input);
  const expected = await recordsOfOneProcess(input, index);

  await using redis = await startRedis(folder);
  const servers = await Promise.all(
    [1, 2, 3, 4].map((seed) => startServer({ medianMs: 300, sigma: 0.5, seed, keepCalls: Number.POSITIVE_INFINITY })),
  );
  let joins = 0;
  const join = async () => {
    const server = servers[joins % servers.length] as (typeof servers)[number];
    joins += 1;
    const worker = startWorkerAt(server, { queue: redis.url, name: 'm' });
    await worker.joined;
    return worker;
  };
  const workers = [await join(), await join(), await join()];
  const output = path.join(folder, 'm.jsonl');
  const limits = ['--requests-per-minute', String(PER_MINUTE), '--no-cache'];
  const run = start(runArgs(input, output, 96, [...atQueue(redis, 'm'), ...limits, '--index', index]));
  const at = () => servers.reduce((sum, server) => sum + server.sums().calls, 0);
  while (at() === 0 && run.child.exitCode === null) await sleep(20);
  const startedMs = performance.now();
  let leaves = 0;
  while (performance.now() - startedMs < seconds * 1000 && run.child.exitCode === null) {
    await sleep(5000);
    const joined = join();
    workers.shift()?.child.kill('SIGTERM');
    leaves += 1;
    workers.push(await joined);
  }
  const wasRunning = run.child.exitCode === null;
  await finish(run);
  const ran = (performance.now() - startedMs) / 1000;
  for (const { child } of workers) child.kill('SIGTERM');
  await Promise.all(workers.map(({ ended }) => ended));
  const times = servers
    .flatMap(({ ledger }) => {
      const originMs = performance.now() - ledger.now();
      return ledger.calls.map(({ startMs }) => originMs + startMs);
    })
    .sort((a, b) => a - b);
  await Promise.all(servers.map((server) => server.close()));
  const lines = bareLines(output);
  return {
    ...{ records, seconds: ran, joins, leaves, wasRunning, lines: lines.length, rejectBytes: rejectBytes(output) },
    isEqual: digest(lines) === digest(expected),
    ...{ needed: 2 * records, atServers: times.length, ...attemptsOf(output) },
    ...{ perMinute: PER_MINUTE, mostInAMinute: mostWithin(times, WINDOW_MS) },
    share: mostWithin(times, WINDOW_MS) / PER_MINUTE,
  };
}

/** The most of these times, in order, within any window. */
function mostWithin(times: number[], windowMs: number): number {
  let first = 0;
  let most = 0;
  times.forEach((time, index) => {
    while ((times[first] as number) <= time - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
