// One process without a queue, in this version and in one built before there were queues (--before FOLDER): alternately.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  corpus,
  finish,
  folder,
  numberOf,
  options,
  rareflow,
  runArgs,
  start,
  startProgram,
  startServer,
} from './harness.js';

export async function oneProcess() {
  if (options.before === undefined) return { skipped: '--before names a folder with a build of another version' };
  const records = numberOf('records', 1500);
  const input = corpus(records);
  const mains = { before: path.resolve(options.before, 'dist/cli/main.js'), now: rareflow };
  // Each version has an index of its own, since their analyzers may differ.
  for (const [version, main] of Object.entries(mains)) {
    await finish(start(['index', input, '-o', `${input}.${version}`], undefined, main));
  }
  const server = await startServer({ medianMs: 20 });
  const cpuMs: Record<keyof typeof mains, number[]> = { before: [], now: [] };
  const seconds: Record<keyof typeof mains, number[]> = { before: [], now: [] };
  const pairs = numberOf('runs', 7);
  for (let pair = 0; pair < pairs; pair += 1) {
    const order = pair % 2 === 0 ? (['before', 'now'] as const) : (['now', 'before'] as const);
    for (const version of order) {
      const output = path.join(folder, `${version}-${pair}.jsonl`);
      const figures = path.join(folder, 'time');
      const timed = ['/usr/bin/time', '-o', figures, '-f', '%U %S %e', process.execPath, mains[version]];
      const args = runArgs(input, output, 32, [
        '--base-url',
        server.baseUrl,
        '--no-cache',
        '--index',
        `${input}.${version}`,
      ]);
      await finish(startProgram([...timed, ...args]));
      const [user = 0, system = 0, elapsed = 0] = readFileSync(figures, 'utf8').split(' ').map(Number);
      cpuMs[version].push(((user + system) * 1000) / (2 * records));
      seconds[version].push(elapsed);
    }
    console.error(`pair ${pair + 1}: ${cpuMs.before.at(-1)}, ${cpuMs.now.at(-1)} ms a call`);
  }
  await server.close();
  const ratios = cpuMs.now.map((ms, pair) => ms / (cpuMs.before[pair] as number));
  return {
    ...{ records, pairs, cpuMsPerCall: { before: median(cpuMs.before), now: median(cpuMs.now) } },
    ...{ ratio: median(ratios), ratios, seconds: { before: median(seconds.before), now: median(seconds.now) } },
  };
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
