// Every 5 s a worker joins and another one leaves, while the run keeps a limit of requests a minute.
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

const EVERY_MS = 5000;
/** A worker leaves while more than this many are there. */
const KEPT = 2;
const WINDOW_MS = 60_000;

export async function membership() {
  const seconds = numberOf('seconds', 120);
  const perMinute = numberOf('perMinute', 1200);
  const records = Math.ceil((seconds * perMinute) / 60 / 2) + 50;
  const input = corpus(records);
  const index = await indexOf(input);
  const expected = await recordsOfOneProcess(input, index);

  await using redis = await startRedis(folder);
  const servers = await Promise.all(
    [1, 2, 3, 4].map((seed) => startServer({ medianMs: 300, sigma: 0.5, seed, keepCalls: Number.POSITIVE_INFINITY })),
  );
  const there: ReturnType<typeof join>[] = [];
  const gone: ReturnType<typeof join>[] = [];
  let started = 0;
  let joins = 0;
  function join() {
    const server = servers[started % servers.length] as (typeof servers)[number];
    started += 1;
    const worker = startWorkerAt(server, { queue: redis.url, name: 'm' });
    void worker.joined.then(() => {
      joins += 1;
      there.push(worker);
    });
    return worker;
  }
  await Promise.all([join().joined, join().joined]);
  const output = path.join(folder, 'm.jsonl');
  const limits = ['--requests-per-minute', String(perMinute), '--no-cache'];
  const run = start(runArgs(input, output, 72, [...atQueue(redis, 'm'), ...limits, '--index', index]));
  const calls = () => servers.reduce((sum, server) => sum + server.sums().calls, 0);
  while (calls() === 0 && run.child.exitCode === null) await sleep(20);
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1000 && run.child.exitCode === null) {
    await sleep(EVERY_MS);
    join();
    while (there.length > KEPT) {
      const worker = there.shift() as ReturnType<typeof join>;
      worker.child.kill('SIGTERM');
      gone.push(worker);
    }
  }
  const wasRunning = run.child.exitCode === null;
  await finish(run);
  const ran = (performance.now() - startedMs) / 1000;
  const leaves = gone.length;
  for (const { child } of there) child.kill('SIGTERM');
  await Promise.all([...gone, ...there].map((worker) => finish(worker)));
  const times = servers
    .flatMap(({ ledger }) => {
      const originMs = performance.now() - ledger.now();
      return ledger.calls.map(({ startMs }) => originMs + startMs);
    })
    .sort((a, b) => a - b);
  await Promise.all(servers.map((server) => server.close()));
  const lines = bareLines(output);
  const most = mostWithin(times, WINDOW_MS);
  return {
    ...{ records, seconds: ran, joins, leaves, wasRunning, lines: lines.length, rejectBytes: rejectBytes(output) },
    isEqual: digest(lines) === digest(expected),
    ...{ needed: 2 * records, atServers: times.length, ...attemptsOf(output) },
    ...{ perMinute, mostInAMinute: most, share: most / perMinute, meanPerMinute: (times.length * 60) / ran },
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
