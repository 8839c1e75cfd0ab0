// One of four servers is bad for a minute; the rate of the others is compared with that of all four just before.
import path from 'node:path';
import { startRedis } from '../../test/support/redisServer.js';
import {
  atQueue,
  attemptsOf,
  callsOf,
  corpus,
  finish,
  folder,
  numberOf,
  rejectBytes,
  sleep,
  start,
  startServer,
  startWorkers,
  stopAll,
} from './harness.js';

const faultOf = { dead: undefined, hanging: 'stall', 'answering 429': 'rate429Bare' } as const;

export async function oneOfFour() {
  const count = 2400;
  const input = corpus(count);
  const badMs = numberOf('seconds', 60) * 1000;
  const results: Record<string, unknown> = {};
  for (const kind of ['dead', 'hanging', 'answering 429'] as const) {
    await using redis = await startRedis(folder);
    const name = `o-${kind.replace(' ', '-')}`;
    let bad = false;
    const faulty = { stallMs: badMs, script: () => (bad ? faultOf[kind] : undefined) };
    const standIns = [0, 1, 2, 3].map((n) => ({ medianMs: 800, ...(n === 0 && faulty) }));
    const workers = await startWorkers(redis, name, standIns, 8);
    const [first, ...others] = workers;
    const output = path.join(folder, `${name}.jsonl`);
    const args = ['doc2query', input, '-o', output, '--model', 'any', '--concurrency', '48', '--no-cache'];
    const run = start([...args, ...atQueue(redis, name)]);
    const rateFor = async (ms: number, servers: typeof workers) => {
      const before = callsOf(servers);
      const startedMs = performance.now();
      await Promise.race([sleep(ms), run.ended]);
      return (callsOf(servers) - before) / ((performance.now() - startedMs) / 1000);
    };
    while (callsOf(workers) < 60 && run.child.exitCode === null) await sleep(20);
    const before = await rateFor(15_000, workers);
    bad = true;
    const { port } = new URL(first?.server.baseUrl ?? '');
    if (kind === 'dead') await first?.server.close();
    const during = await rateFor(badMs, others);
    const wasRunning = run.child.exitCode === null;
    bad = false;
    const again = kind === 'dead' ? await startServer({ medianMs: 800, port: Number(port) }) : undefined;
    await finish(run);
    results[kind] = {
      ...{ before, during, share: during / before, wasRunning, rejectBytes: rejectBytes(output), needed: count },
      ...{ ...attemptsOf(output), again: again?.sums().calls },
      ...{ atServers: callsOf(workers) + (again?.sums().calls ?? 0), statuses: first?.server.sums().statuses },
    };
    console.error(kind, JSON.stringify(results[kind]));
    await stopAll(kind === 'dead' ? others : workers);
    if (kind === 'dead') first?.child.kill('SIGKILL');
    await again?.close();
  }
  return results;
}
