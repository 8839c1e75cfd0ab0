// Question: how much processor time does the built command take to start, compared with `node -e 0`?
// Fairness: user and system time of the child, medians of 10 runs that alternate; `npm run build` first.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const main = path.join(import.meta.dirname, '../dist/cli/main.js');
const document = '{"id": "a", "text": "The tide turns with the moon, twice a day."}\n';
const starts = {
  node: ['-e', '0'],
  version: [main, '--version'],
  help: [main, '--help'],
  doc2query: [main, 'doc2query', '--model', 'offline', '--no-config'],
};

function cpuMs(args: string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2> /dev/null';
  const { stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], {
    input: document,
    encoding: 'utf8',
  });
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return (user + system) * 1000;
}

const times = new Map(Object.keys(starts).map((name) => [name, [] as number[]]));
for (let run = 0; run < 10; run++) {
  for (const [name, args] of Object.entries(starts)) times.get(name)?.push(cpuMs(args));
}
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const medians = new Map([...times].map(([name, values]) => [name, median(values)]));
const bareMs = medians.get('node') as number;
const ratios = [...medians].map(([name, ms]) => [name, { ms, ratio: Number((ms / bareMs).toFixed(2)) }]);
console.log(JSON.stringify({ bench: 'coldStart', node: process.version, ...Object.fromEntries(ratios) }));
