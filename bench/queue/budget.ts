// Seeded runs with a budget, in each of which one of two workers is killed at a random moment: what the servers billed, with
// each call that was reported to nobody at its worst, must be within the cap.
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
  numberOf,
  options,
  sleep,
  start,
  startWorkers,
  stopAll,
} from './harness.js';

const CAP = 30_000;
const MAX_TOKENS = 400;
const WORKER_SLOTS = 8;

export async function budget() {
  const input = corpus(200);
  const runs = [];
  await using redis = await startRedis(folder);
  const standIn = { medianMs: 300, sigma: 0.5, keepCalls: 10_000 };
  const survivors = await startWorkers(redis, 'b', [standIn], WORKER_SLOTS);
  const first = Number(options.seed);
  for (let seed = first; seed < first + numberOf('runs', 20); seed += 1) {
    const random = seededRandom('budget', seed);
    const victims = await startWorkers(redis, 'b', [{ ...standIn, seed: seed + 1 }], WORKER_SLOTS);
    const workers = [...survivors, ...victims];
    const ledgers = workers.map(({ server }) => ({ ledger: server.ledger, from: server.ledger.calls.length }));
    const callsBefore = callsOf(workers);
    const output = path.join(folder, `b${seed}.jsonl`);
    const limits = ['--budget-tokens', String(CAP), '--max-tokens', String(MAX_TOKENS), '--no-cache'];
    const args = ['doc2query', input, '-o', output, '--model', 'any', '--concurrency', String(3 * WORKER_SLOTS)];
    const run = start([...args, ...atQueue(redis, 'b'), ...limits]);
    const killAt = 1 + Math.floor(random() * 40);
    const made = () => callsOf(workers) - callsBefore;
    while (made() < killAt && run.child.exitCode === null) await sleep(5);
    await sleep(random() * 100);
    const wasRunning = run.child.exitCode === null;
    for (const { child } of victims) child.kill('SIGKILL');
    const killedAt = made();
    const { code, text } = await finish(run, [0, 4]);
    const calls = ledgers.flatMap(({ ledger, from }) => ledger.calls.slice(from));
    const told = calls
      .filter((call) => call.told)
      .reduce((sum, call) => sum + call.promptTokens + call.completionTokens, 0);
    const untold = calls.filter((call) => !call.told);
    const worst = untold.reduce((sum, call) => sum + call.promptTokens + capOf(call.parameters), 0);
    const { counted, unknown, spent } = attemptsOf(output);
    const isCounted = counted === undefined || (calls.length <= counted && calls.length >= counted - (unknown ?? 0));
    const money = { told, untold: untold.length, worst, spent };
    runs.push({ seed, wasRunning, killedAt, code, ...money, calls: calls.length, counted, unknown, isCounted });
    console.error(JSON.stringify(runs.at(-1)), counted === undefined ? text : '');
    await stopAll(victims);
  }
  await stopAll(survivors);
  const over = runs.filter(({ told, worst }) => told + worst > CAP).length;
  const stopped = runs.filter(({ code }) => code === 4).length;
  const most = Math.max(...runs.map(({ told, worst }) => told + worst));
  return { cap: CAP, over, stopped, most, miscounted: runs.filter(({ isCounted }) => !isCounted).length, runs };
}

const capOf = (parameters: Record<string, unknown>) =>
  Number(parameters.max_completion_tokens ?? parameters.max_tokens ?? MAX_TOKENS);
