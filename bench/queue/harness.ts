// What the parts of the bench of the queue share: a folder, the command, workers with a server each, and what is compared.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startStandIn } from '../../src/standIn/http/server.js';
import type { StandInOptions } from '../../src/standIn/options.js';
import { seededRandom } from '../../src/util/random.js';
import type { RedisServer } from '../../test/support/redisServer.js';

export const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string' },
    slots: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    seconds: { type: 'string' },
    perMinute: { type: 'string' },
    network: { type: 'string', default: 'namespaces' },
    before: { type: 'string' },
  },
});
export const slots = Number(options.slots);
/** The number of an option; if it is not given, `otherwise`. */
export const numberOf = (name: 'records' | 'runs' | 'seconds' | 'perMinute', otherwise: number) =>
  Number(options[name] ?? otherwise);

export const rareflow = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
export const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-queue-'));
export const sleep = (ms: number) => new Promise<void>((next) => setTimeout(next, ms));
const children = new Set<ChildProcess>();

/** Ends what is left and removes the folder. */
export function cleanUp(): void {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

/** Starts a program; `within` are words before it, such as those that enter a network namespace. */
export function startProgram(words: string[], { onLine, ipc = false }: StartOptions = {}) {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? ['ipc' as const] : [])],
  });
  children.add(child);
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
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

interface StartOptions {
  onLine?: ((line: string) => void) | undefined;
  ipc?: boolean;
}

/** Starts the command. */
export const start = (args: string[], onLine?: (line: string) => void, main = rareflow) =>
  startProgram([process.execPath, main, ...args], { onLine });

/** Runs the command to its end, which must be one of these exit codes. */
export async function finish(run: ReturnType<typeof start>, codes = [0]): Promise<{ code: number; text: string }> {
  const { code, text } = await run.ended;
  if (code === null || !codes.includes(code)) throw new Error(`exit ${code}: ${text.slice(-3000)}`);
  return { code, text };
}

const syllables = 'ba de fi go ku la me ni po ru sa te vi wo xu ya ze'.split(' ');
const syllable = (n: number) => syllables[Math.floor(n) % syllables.length];
/** A word of four thousand; the first ones are the most frequent, as in a language. */
const word = (random: () => number): string => {
  const rank = Math.floor(4000 ** random());
  return `${syllable(rank)}${syllable(rank / 17)}${syllable(rank / 289)}`;
};

/** Writes documents of this length. */
export function corpus(count: number, { from = 0, words = 40 } = {}): string {
  const file = path.join(folder, `corpus-${count}-${from}.jsonl`);
  const lines = Array.from({ length: count }, (_, index) => {
    const id = from + index;
    const random = seededRandom('document', id);
    const text = Array.from({ length: words }, () => word(random)).join(' ');
    return JSON.stringify({ id, text: `Document ${id}: ${text}.` });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

export async function indexOf(input: string): Promise<string> {
  const index = `${input}.bm25`;
  await finish(start(['index', input, '-o', index]));
  return index;
}

/** The sums of a server's ledger that the bench reads. */
export interface ServerSums {
  calls: number;
  promptTokens: number;
  completionTokens: number;
  untoldCalls: number;
  statuses: Record<string, number>;
}

/** A server as the bench sees it, in this process or in another. */
export interface BenchServer {
  baseUrl: string;
  sums(): ServerSums;
  close(): Promise<void>;
}

/** A server of this process. */
export async function startServer(standIn: StandInOptions) {
  const server = await startStandIn({ keepCalls: 0, ...standIn });
  return { baseUrl: server.baseUrl, ledger: server.ledger, sums: () => server.ledger.sums(), close: server.close };
}

export interface WorkerOptions {
  /** The address of Redis, as the worker reaches it. */
  queue: string;
  name: string;
  count?: number;
  /** Words before the command, such as those that enter a network namespace. */
  within?: string[];
}

/** Starts a worker at a server. */
export function startWorkerAt<S extends BenchServer>(
  server: S,
  { queue, name, count = slots, within = [] }: WorkerOptions,
) {
  const args = ['worker', '--queue', queue, '--queue-name', name, '--model', 'any', '--base-url', server.baseUrl];
  const words = [...within, process.execPath, rareflow, ...args, '--concurrency', String(count)];
  let onJoined = () => {};
  const joined = new Promise<void>((resolve) => {
    onJoined = resolve;
  });
  const { child, ended } = startProgram(words, { onLine: (line) => line.includes(' serves any') && onJoined() });
  return { server, child, ended, joined: Promise.race([joined, ended]) };
}

/** Starts workers with a server each, in this process, and waits until they have joined. */
export async function startWorkers(redis: RedisServer, name: string, standIns: StandInOptions[], count = slots) {
  const workers = await Promise.all(
    standIns.map(async (standIn) => startWorkerAt(await startServer(standIn), { queue: redis.url, name, count })),
  );
  await Promise.all(workers.map(({ joined }) => joined));
  return workers;
}

export type BenchWorker<S extends BenchServer = BenchServer> = ReturnType<typeof startWorkerAt<S>>;

export async function stopAll(workers: BenchWorker[]): Promise<void> {
  for (const { child } of workers) child.kill('SIGTERM');
  await Promise.all(workers.map(({ ended }) => Promise.race([ended, sleep(5000)])));
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ server }) => server.close()));
}

export const callsOf = (workers: { server: BenchServer }[]) =>
  workers.reduce((sum, { server }) => sum + server.sums().calls, 0);

export const runArgs = (input: string, output: string, concurrency: number, more: string[]) => [
  'run',
  input,
  '-o',
  output,
  '--model',
  'any',
  '--concurrency',
  String(concurrency),
  ...more,
];

/** The records of one process without `_rareflow`. The stand-ins write the answers of its offline model. */
export async function recordsOfOneProcess(input: string, index: string): Promise<string[]> {
  const output = path.join(folder, 'plain.jsonl');
  await finish(start(['run', input, '-o', output, '--model', 'offline', '--index', index]));
  return bareLines(output);
}

export const atQueue = (redis: RedisServer, name: string) => ['--queue', redis.url, '--queue-name', name];

/** The records of an output without `_rareflow`, as text. */
export function bareLines(output: string): string[] {
  return readFileSync(output, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { _rareflow, ...record } = JSON.parse(line);
      return JSON.stringify(record);
    });
}

export const digest = (lines: string[]) => createHash('sha256').update(lines.join('\n')).digest('hex');

export const rejectBytes = (output: string) =>
  statSync(`${output.replace(/\.jsonl$/, '')}.rejects.jsonl`, { throwIfNoEntry: false })?.size ?? 0;

/** The counts of a run: all attempts, and those of them whose bill is unknown. A run that finished nothing keeps none. */
export function attemptsOf(output: string): { counted?: number; unknown?: number; spent?: number } {
  const file = `${output}.rareflow/summary.json`;
  if (!existsSync(file)) return {};
  const summary = JSON.parse(readFileSync(file, 'utf8'));
  const { attempts, unknownAttempts, promptTokens, completionTokens } = summary.usage.total;
  return { counted: attempts, unknown: unknownAttempts, spent: promptTokens + completionTokens };
}
