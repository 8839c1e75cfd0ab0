// Question: does the memory of a run that lasts for hours grow? Both model stages with a cache, and mining between them, against a
// stand-in in a process of its own that plays every fault which passes, until the time is over.
// Fair because: records are made on the fly, each once, and dropped at the end; the process is sampled every 10 s after two
// collections of garbage, and the slope is that of a straight line through the samples of the second half. Anonymous memory leaves out
// the mapped files of index and cache, which the kernel takes back when it needs the room.
// npm run bench -- soak [--minutes 60] [--slots 64] [--every 10]
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import {
  bm25HardNeg,
  buildIndex,
  createModel,
  type DataRecord,
  doc2Query,
  openIndex,
  passingFaults,
  reasonDistill,
  spreadOver,
} from '../src/index.js';
import { startServer } from './llm/server.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    slots: { type: 'string', default: '64' },
    every: { type: 'string', default: '10' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const slots = Number(values.slots);
const subjects = ['glacier', 'yeast', 'harbour', 'comet', 'orchard', 'turbine', 'violin', 'desert'];
const MB = 2 ** 20;

interface Sample {
  hours: number;
  anonymousMb: number;
  rssMb: number;
  heapMb: number;
  externalMb: number;
  /** Open file descriptors, the sockets among them. */
  files: number;
  sockets: number;
  /** The resources that keep the event loop alive. */
  resources: number;
}

function documentOf(id: number): DataRecord {
  const subject = subjects[id % subjects.length];
  return {
    id: `d${id}`,
    text: `Note ${id} on the ${subject}. ${`The ${subject} number ${id % 997} changes with the seasons. `.repeat(12)}`,
  };
}

function sample(startedMs: number): Sample {
  global.gc?.();
  global.gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  const descriptors = readdirSync('/proc/self/fd');
  const { heapUsed, external } = process.memoryUsage();
  return {
    hours: (performance.now() - startedMs) / 3_600_000,
    anonymousMb: kb('RssAnon') / 1024,
    rssMb: kb('VmRSS') / 1024,
    heapMb: heapUsed / MB,
    externalMb: external / MB,
    files: descriptors.length,
    sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length,
    resources: process.getActiveResourcesInfo().length,
  };
}

/** The slope of the least-squares line through a figure, per hour, as a share of its mean. */
function slopeOf(samples: Sample[], figure: keyof Sample): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [meanX, meanY] = [mean(({ hours }) => hours), mean((one) => one[figure])];
  const covariance = mean((one) => (one.hours - meanX) * (one[figure] - meanY));
  return covariance / mean(({ hours }) => (hours - meanX) ** 2) / meanY;
}

v8.setFlagsFromString('--heap-growing-percent=25'); // as the command sets it
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-soak-'));
const faults = Object.entries(spreadOver(passingFaults, 0.05))
  .map(([name, share]) => `${name}=${share}`)
  .join(',');
const server = await startServer(
  ['--median-ms', '40', '--sigma', '0.8', '--retry-after-ms', '1000', '--faults', faults],
  slots,
);
const indexPath = path.join(folder, 'x.bm25');
await buildIndex(
  (async function* () {
    for (let id = 0; id < 5000; id++) yield documentOf(id);
  })(),
  indexPath,
  { analyzer: 'english' },
);
const index = await openIndex(indexPath);
const model = createModel({
  ...{
    model: 'stand-in',
    baseUrl: server.baseUrl,
    concurrency: slots,
    maxTokens: 600,
    cache: path.join(folder, 'cache'),
  },
  ...{ maxAttempts: 12, baseDelayMs: 20, maxDelayMs: 500, firstHoldMs: 1000, loadingDelayMs: 100 },
});
const startedMs = performance.now();
let read = 0;
let rejected = 0;
let out = 0;
const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

async function* documents(): AsyncGenerator<DataRecord> {
  while (performance.now() - startedMs < durationMs) yield documentOf(read++);
}

const common = {
  concurrency: slots,
  rejects: () => {
    rejected += 1;
  },
};
const samples: Sample[] = [];
const sampling = setInterval(() => {
  const now = sample(startedMs);
  samples.push(now);
  if (samples.length % 6 === 0)
    console.log(JSON.stringify({ bench: 'soak', minutes: Math.round(now.hours * 60), records: out, ...rounded(now) }));
}, Number(values.every) * 1000);
const mined = bm25HardNeg({ index, ...common, requirePositive: false })(doc2Query({ model, ...common })(documents()));
for await (const _ of reasonDistill({ model, ...common })(mined)) out += 1;
clearInterval(sampling);
assert.equal(out + rejected, read);
await Promise.all([model.close(), index.close()]);
const { calls, faults: played } = await server.sums();
await server.stop();
rmSync(folder, { recursive: true });

function rounded(one: Sample): object {
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, Number(value.toFixed(name === 'hours' ? 3 : 1))]),
  );
}

const second = samples.slice(Math.floor(samples.length / 2));
const slopes = Object.fromEntries(
  (['anonymousMb', 'heapMb', 'rssMb', 'files', 'sockets'] as const).map((name) => [
    name,
    `${(100 * slopeOf(second, name)).toFixed(2)} % an hour`,
  ]),
);
const figures = {
  minutes: Number(values.minutes),
  slots,
  records: read,
  out,
  rejected,
  calls,
  faults: Object.keys(played).length,
};
console.log(
  JSON.stringify({
    bench: 'soak',
    ...figures,
    slopes,
    warnings: warnings.length,
    last: rounded(second.at(-1) as Sample),
  }),
);
assert.deepEqual(warnings, []);
assert.ok(slopeOf(second, 'anonymousMb') < 0.01, 'anonymous memory grows');
