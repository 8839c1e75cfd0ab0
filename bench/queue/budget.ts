// Seeded runs with a budget, in each of which a worker is killed at a random moment: what the servers billed, with each call
// that was reported to nobody at its worst, must be within the cap.
import path from 'node:path';
import { seededRandom } from '../../src/util/random.js';
import { startRedis } from '../../test/support/redisServer.js';
import {
  atQueue,
  attemptsOf,
  callsOf,
  corpus,
  finish,
  folder,
  indexOf,
  numberOf,
  runArgs,
  sleep,
  start,
  startWorkers,
  stopAll,
} from './harness.js';

const CAP = 60_000;
const MAX_TOKENS = 400;

export async function budget() {
  const input = corpus(200);
  const index = ['--index', await indexOf(input)];
  const runs = [];
  await using redis = await startRedis(folder);
  for (let seed = 1; seed <= numberOf('runs', 20); seed += 1) {
    const random = seededRandom('budget', seed);
    const name = `b${seed}`;
    const standIns = [1, 2].map((n) => ({ medianMs: 150, sigma: 0.5, seed: 10 * seed + n, keepCalls: 10_000 }));
    const workers = await startWorkers(redis, name, standIns, 8);
    const output = path.join(folder, `b${seed}.jsonl`);
    const more = ['--budget-tokens', String(CAP), '--max-tokens', String(MAX_TOKENS), '--no-cache'];
    const run = start(runArgs(input, output, 24, [...atQueue(redis, name), ...more, ...index]));
    const killAt = 5 + Math.floor(random() * 100);
    while (callsOf(workers) < killAt && run.child.exitCode === null) await sleep(5);
    await sleep(random() * 100);
    workers[0]?.child.kill('SIGKILL');
    const killedAt = callsOf(workers);
    const code = await finish(run, [0, 4]);
    const sums = workers.map(({ server }) => server.sums());
    const told = sums.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0);
    const untold = workers.flatMap(({ server }) => server.ledger.calls.filter((call) => !call.told));
    const worst = untold.reduce((sum, call) => sum + call.promptTokens + capOf(call.parameters), 0);
    const { counted, unknown, spent } = attemptsOf(output);
    const calls = callsOf(workers);
    const isCounted = calls <= counted && calls >= counted - unknown;
    runs.push({ seed, killedAt, code, told, untold: untold.length, worst, spent, calls, counted, unknown, isCounted });
    console.error(JSON.stringify(runs.at(-1)));
    await stopAll(workers);
  }
  const over = runs.filter(({ told, worst }) => told + worst > CAP).length;
  const stopped = runs.filter(({ code }) => code === 4).length;
  const most = Math.max(...runs.map(({ told, worst }) => told + worst));
  return { cap: CAP, over, stopped, most, miscounted: runs.filter(({ isCounted }) => !isCounted).length, runs };
}

const capOf = (parameters: Record<string, unknown>) =>
  Number(parameters.max_completion_tokens ?? parameters.max_tokens ?? MAX_TOKENS);
