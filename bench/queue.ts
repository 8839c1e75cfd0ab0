// Question: do machines that pull calls from a queue share the work, and is nothing lost or paid twice when they die?
// Each worker is a process with a stand-in behind it, on loopback; the coordinator is the command; Redis is a real one. The
// stand-in's latency decides the pace. What was paid is read from the stand-ins' ledgers, not from our counts.
// Parts: throughput, faults, budget, oneOfFour, coordinator. Options: --records 2000 --slots 24 --seeds 5 --seconds 60
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startStandIn } from '../src/standIn/http/server.js';
import type { StandInOptions } from '../src/standIn/options.js';
import { type RedisServer, startRedis } from '../test/support/redisServer.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '2000' },
    slots: { type: 'string', default: '24' },
    seeds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
  },
});
const records = Number(values.records);
const slots = Number(values.slots);
const parts = positionals.length > 0 ? positionals : ['throughput', 'faults', 'budget', 'oneOfFour', 'coordinator'];
const root = path.resolve(import.meta.dirname, '..');
const rareflow = path.join(root, 'dist/cli/main.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-queue-'));
const sleep = (ms: number) => new Promise((next) => setTimeout(next, ms));
const children = new Set<ChildProcess>();

function start(args: string[], onLine?: (line: string) => void) {
  const child = spawn(process.execPath, [rareflow, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const line of chunk.split('\n')) if (line !== '') onLine?.(line);
  });
  const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
    child.on('close', (code) => {
      children.delete(child);
      resolve({ code, text });
    });
  });
  return { child, ended };
}

function corpus(count: number, from = 0): string {
  const file = path.join(folder, `corpus-${count}-${from}.jsonl`);
  const words =
    'river glacier valley basin delta harbor canyon ridge meadow forest desert island lagoon summit plateau'.split(' ');
  const text = (n: number) =>
    Array.from({ length: 40 }, (_, i) => words[(n * 7 + i * i * (n % 11) + i) % words.length]).join(' ');
  const numbers = Array.from({ length: count }, (_, n) => from + n);
  const lines = numbers.map((n) => JSON.stringify({ id: n, text: `Document ${n}: ${text(n)}.` }));
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Starts a worker with a stand-in of its own. */
async function startWorker(redis: RedisServer, name: string, standIn: StandInOptions, count = slots) {
  const server = await startStandIn({ keepCalls: 0, ...standIn });
  const args = ['worker', '--queue', redis.url, '--queue-name', name, '--model', 'any', '--base-url', server.baseUrl];
  const { child, ended } = start([...args, '--concurrency', String(count)]);
  return { server, child, ended };
}
type BenchWorker = Awaited<ReturnType<typeof startWorker>>;

const runArgs = (input: string, output: string, concurrency: number, more: string[]) => [
  ...[
    'run',
    input,
    '-o',
    output,
    '--model',
    'any',
    '--concurrency',
    String(concurrency),
    '--index',
    `${input}.bm25`,
    ...more,
  ],
];

const digest = (file: string) =>
  createHash('sha256')
    .update(
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => {
          if (line === '') return line;
          const { _rareflow, ...record } = JSON.parse(line);
          return JSON.stringify(record);
        })
        .join('\n'),
    )
    .digest('hex');

const rejectBytes = (output: string) =>
  statSync(`${output.replace(/\.jsonl$/, '')}.rejects.jsonl`, { throwIfNoEntry: false })?.size ?? 0;

const attemptsOf = (output: string) => {
  const summary = JSON.parse(readFileSync(`${output}.rareflow/summary.json`, 'utf8'));
  const total = summary.usage?.total ?? summary.total ?? {};
  return { counted: total.attempts as number, unknown: total.unknownAttempts as number, summary };
};

async function indexOf(input: string) {
  await start(['index', input, '-o', `${input}.bm25`]).ended;
}

async function stopAll(workers: BenchWorker[]) {
  for (const { child } of workers) child.kill('SIGTERM');
  await Promise.all(workers.map(({ ended }) => Promise.race([ended, sleep(5000)])));
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ server }) => server.close()));
}

const callsOf = (workers: BenchWorker[]) => workers.reduce((sum, { server }) => sum + server.ledger.sums().calls, 0);

async function throughput() {
  const rates: Record<number, number> = {};
  for (const count of [1, 2, 4]) {
    const input = corpus(60 * count);
    await indexOf(input);
    await using redis = await startRedis(folder);
    const name = `t${count}`;
    const workers = await Promise.all(
      Array.from({ length: count }, () => startWorker(redis, name, { medianMs: 4000 }, 8)),
    );
    await sleep(4000);
    const output = path.join(folder, `t${count}.jsonl`);
    const run = start(runArgs(input, output, 12 * count, ['--queue', redis.url, '--queue-name', name, '--no-cache']));
    let firstMs = 0;
    let lastMs = 0;
    let seen = 0;
    const timer = setInterval(() => {
      const calls = callsOf(workers);
      if (calls > seen) lastMs = performance.now();
      if (seen === 0 && calls > 0) firstMs = performance.now();
      seen = calls;
    }, 20);
    const { code, text } = await run.ended;
    clearInterval(timer);
    if (code !== 0) throw new Error(text);
    rates[count] = (60 * count) / ((lastMs - firstMs) / 1000);
    await stopAll(workers);
  }
  const [one = 0, two = 0, four = 0] = [rates[1], rates[2], rates[4]];
  return { network: 'loopback', recordsPerSecond: rates, two: two / one, four: four / one };
}

async function faults() {
  const input = corpus(records);
  await indexOf(input);
  const alone = await startStandIn({ keepCalls: 0, medianMs: 50 });
  const plain = path.join(folder, 'plain.jsonl');
  const first = await start(runArgs(input, plain, 32, ['--base-url', alone.baseUrl])).ended;
  if (first.code !== 0) throw new Error(first.text);
  await alone.close();

  const appendonly = [
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--aof-use-rdb-preamble',
    'no',
    '--aof-load-truncated',
    'yes',
  ];
  await using redis = await startRedis(folder, appendonly);
  const workers = await Promise.all(
    Array.from({ length: 4 }, (_, index) => startWorker(redis, 'f', { medianMs: 200, sigma: 0.4, seed: index + 1 })),
  );
  await sleep(4000);
  const output = path.join(folder, 'queued.jsonl');
  const args = runArgs(input, output, 6 * slots, ['--queue', redis.url, '--queue-name', 'f']);
  const died: string[] = [];
  const notices: string[] = [];
  const note = (line: string) => notices.push(line);
  let run = start(args, note);
  let peakMemory = 0;
  const memory = setInterval(() => {
    if (redis.process.exitCode === null && redis.process.pid !== undefined) {
      try {
        const status = readFileSync(`/proc/${redis.process.pid}/status`, 'utf8');
        peakMemory = Math.max(peakMemory, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {}
    }
  }, 500);
  const until = async (share: number) => {
    while (callsOf(workers) < share * 2 * records && run.child.exitCode === null) await sleep(50);
  };
  await until(0.15);
  workers[0]?.child.kill('SIGKILL');
  died.push(`worker kill -9 at ${callsOf(workers)} calls`);
  await until(0.3);
  workers[1]?.child.kill('SIGSTOP');
  died.push(`worker frozen 12 s at ${callsOf(workers)} calls`);
  await sleep(12_000);
  workers[1]?.child.kill('SIGCONT');
  await until(0.5);
  await redis.crash();
  const log = path.join(folder, 'appendonlydir/appendonly.aof.1.incr.aof');
  const size = statSync(log).size;
  truncateSync(log, Math.max(0, size - 256 * 1024));
  died.push(
    `Redis kill -9 at ${callsOf(workers)} calls, the last 256 KB of ${Math.round(size / 1024)} KB of its log cut`,
  );
  await sleep(1000);
  await redis.restart();
  await until(0.75);
  run.child.kill('SIGKILL');
  await run.ended;
  died.push(`coordinator kill -9 at ${callsOf(workers)} calls`);
  run = start(args, note);
  const { code, text } = await run.ended;
  clearInterval(memory);
  const calls = callsOf(workers);
  await stopAll(workers);
  if (code !== 0) throw new Error(`exit ${code}: ${text.slice(-3000)}`);
  const { counted, unknown } = attemptsOf(output);
  return {
    ...{ records, slots: 4 * slots, died, equal: digest(plain) === digest(output) },
    rejects: rejectBytes(output),
    ...{ serverCalls: calls, paidAgain: calls - 2 * records, most: 4 * slots, counted, unknown },
    redisPeakMiB: Math.round(peakMemory / 1024),
    notices: notices.filter((line) => /queue|worker|Redis|resum/.test(line)).slice(0, 40),
  };
}

async function budget() {
  const runs = [];
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    const input = corpus(400);
    if (seed === 1) await indexOf(input);
    await using redis = await startRedis(folder);
    const name = `b${seed}`;
    const workers = await Promise.all(
      [1, 2].map((n) => startWorker(redis, name, { medianMs: 150, sigma: 0.5, seed: 10 * seed + n }, 8)),
    );
    await sleep(3000);
    const cap = 120_000;
    const output = path.join(folder, `b${seed}.jsonl`);
    const more = ['--queue', redis.url, '--queue-name', name, '--budget-tokens', String(cap), '--max-tokens', '400'];
    const run = start(runArgs(input, output, 24, more));
    const killAt = 20 + ((seed * 7919) % 60);
    while (callsOf(workers) < killAt && run.child.exitCode === null) await sleep(10);
    workers[0]?.child.kill('SIGKILL');
    const { code, text } = await run.ended;
    if (code !== 0 && code !== 4) throw new Error(`exit ${code}: ${text.slice(-2000)}`);
    const sums = workers.map(({ server }) => server.ledger.sums());
    const told = sums.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0);
    const untold = sums.reduce((sum, { untoldCalls }) => sum + untoldCalls, 0);
    const { counted, unknown, summary } = attemptsOf(output);
    const spent = counted === undefined ? 0 : summary.usage.total.promptTokens + summary.usage.total.completionTokens;
    runs.push({ seed, killAt, code, cap, billed: told, untold, spent, calls: callsOf(workers), counted, unknown });
    await stopAll(workers);
  }
  return { runs, over: runs.filter(({ billed, cap }) => billed > cap).length };
}

const faultOf = { dead: undefined, hanging: 'stall', 'answering 429': 'rate429Bare' } as const;

/** One of four servers is bad for `--seconds`; the rate of the others is compared with that of all four just before. */
async function oneOfFour() {
  const count = 2400;
  const input = corpus(count);
  const badMs = Number(values.seconds) * 1000;
  const results: Record<string, unknown> = {};
  for (const kind of ['dead', 'hanging', 'answering 429'] as const) {
    await using redis = await startRedis(folder);
    const name = `o-${kind.replace(' ', '-')}`;
    let bad = false;
    const faulty: StandInOptions = { stallMs: badMs, script: () => (bad ? faultOf[kind] : undefined) };
    const workers = await Promise.all(
      [0, 1, 2, 3].map((n) => startWorker(redis, name, { medianMs: 800, ...(n === 0 && faulty) }, 8)),
    );
    const [first] = workers as [BenchWorker];
    await sleep(4000);
    const output = path.join(folder, `${name}.jsonl`);
    const args = ['doc2query', input, '-o', output, '--model', 'any', '--concurrency', '48', '--no-cache'];
    const run = start([...args, '--queue', redis.url, '--queue-name', name]);
    const rateFor = async (ms: number, servers: BenchWorker[]) => {
      const before = callsOf(servers);
      const startedMs = performance.now();
      await Promise.race([sleep(ms), run.ended]);
      return (callsOf(servers) - before) / ((performance.now() - startedMs) / 1000);
    };
    while (callsOf(workers) < 60 && run.child.exitCode === null) await sleep(20);
    const before = await rateFor(15_000, workers);
    bad = true;
    const { port } = new URL(first.server.baseUrl);
    if (kind === 'dead') await first.server.close();
    const during = await rateFor(badMs, workers.slice(1));
    const wasRunning = run.child.exitCode === null;
    bad = false;
    const again = kind === 'dead' ? await startStandIn({ keepCalls: 0, medianMs: 800, port: Number(port) }) : undefined;
    const { code, text } = await run.ended;
    if (code !== 0) throw new Error(`${kind}: exit ${code}: ${text.slice(-2000)}`);
    results[kind] = {
      ...{ before, during, share: during / before, wasRunning, rejects: rejectBytes(output), needed: count },
      ...{ ...attemptsOf(output), summary: undefined, again: again?.ledger.sums().calls },
      ...{ atServers: callsOf(workers) + (again?.ledger.sums().calls ?? 0) },
      statuses: first.server.ledger.sums().statuses,
    };
    console.error(kind, JSON.stringify(results[kind]));
    await stopAll(kind === 'dead' ? workers.slice(1) : workers);
    if (kind === 'dead') first.child.kill('SIGKILL');
    await again?.close();
  }
  return results;
}

/** The coordinator is killed at a random moment of each of `--seeds` runs, and started again. */
async function coordinator() {
  const count = 60;
  await using redis = await startRedis(folder);
  const workers = await Promise.all(
    [1, 2].map((seed) => startWorker(redis, 'c', { medianMs: 200, sigma: 0.5, seed }, 8)),
  );
  const alone = await startStandIn({ keepCalls: 0, medianMs: 5 });
  const runs = [];
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    const input = corpus(count, seed * count);
    await indexOf(input);
    const plain = path.join(folder, `plain-${seed}.jsonl`);
    await start(runArgs(input, plain, 16, ['--base-url', alone.baseUrl])).ended;
    const output = path.join(folder, `c-${seed}.jsonl`);
    const args = runArgs(input, output, 24, ['--queue', redis.url, '--queue-name', 'c']);
    const before = callsOf(workers);
    const killAt = 1 + ((seed * 7919) % (2 * count - 1));
    const run = start(args);
    while (callsOf(workers) - before < killAt && run.child.exitCode === null) await sleep(5);
    await sleep((seed * 104_729) % 150);
    run.child.kill('SIGKILL');
    await run.ended;
    const killedAt = callsOf(workers) - before;
    const { code, text } = await start(args).ended;
    if (code !== 0) throw new Error(`exit ${code}: ${text.slice(-2000)}`);
    const calls = callsOf(workers) - before;
    runs.push({ seed, killedAt, calls, isEqual: digest(plain) === digest(output), rejects: rejectBytes(output) });
    console.error(JSON.stringify(runs.at(-1)));
  }
  await stopAll(workers);
  await alone.close();
  const good = runs.filter(({ calls, isEqual, rejects }) => calls === 2 * count && isEqual && rejects === 0).length;
  return { records: count, needed: 2 * count, good, runs };
}

try {
  const all = { throughput, faults, budget, oneOfFour, coordinator };
  for (const part of parts)
    console.log(JSON.stringify({ bench: 'queue', part, ...(await all[part as keyof typeof all]()) }));
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
