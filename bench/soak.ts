// Question: does the memory of a run that lasts for hours grow? Both model stages with a cache, and mining between them, against a
// stand-in in a process of its own that plays every fault which passes, until the time is over.
// Fair because: records are made on the fly, each once, and dropped at the end; the process is sampled as it is and after two
// collections of garbage. The slope is that of Theil and Sen through the second half, as neither a spike nor the filling of caches
// moves it, and is given with the interval that holds it with 95 % probability: the bound is met if all of the interval is below it,
// missed if all of it is above, and undecided in between. Anonymous memory leaves out the mapped files of index and cache,
// which the kernel takes back when it needs the room. Its slope must be within the bound; the interval that decides is that of the memory
// in use, as the pages that V8 holds without using them come and go by 5 MB with its collections, and would hide a growth of 2 MB.
// npm run bench -- soak [--minutes 60] [--slots 64] [--every 5] [--median-ms 40] [--threads N] [--samples FILE]
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
import { type ProcessMemory, processMemory } from './support/processMemory.js';
import { medianOf, robustSlope } from './support/slope.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    slots: { type: 'string', default: '64' },
    every: { type: 'string', default: '5' },
    'median-ms': { type: 'string', default: '40' },
    threads: { type: 'string' },
    samples: { type: 'string' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const slots = Number(values.slots);
const subjects = ['glacier', 'yeast', 'harbour', 'comet', 'orchard', 'turbine', 'violin', 'desert'];
/** The bound of growth: 1 % an hour. */
const BOUND = 0.01;

interface Sample {
  hours: number;
  /** As the process is, and after garbage was collected. */
  raw: ProcessMemory;
  collected: ProcessMemory;
  /** Open file descriptors, the sockets among them. */
  files: number;
  sockets: number;
  /** The resources that keep the event loop alive. */
  resources: number;
  records: number;
}

function documentOf(id: number): DataRecord {
  const subject = subjects[id % subjects.length];
  // Each text is another, of a few thousand terms in all: with a new term in each, the table of terms of the comparison of texts
  // would fill for 131,072 records and then start over, and a slope would only show where in that cycle the run is.
  const name = `${Math.floor(id / 1000)} part ${id % 1000}`;
  return {
    id: `d${id}`,
    text: `Note ${name} on the ${subject}. ${`The ${subject} number ${id % 997} changes with the seasons. `.repeat(12)}`,
  };
}

function sample(startedMs: number): Sample {
  const raw = processMemory();
  global.gc?.();
  global.gc?.();
  return {
    hours: (performance.now() - startedMs) / 3_600_000,
    raw,
    collected: processMemory(),
    files: readdirSync('/proc/self/fd').length,
    sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length,
    resources: process.getActiveResourcesInfo().length,
    records: out,
  };
}

v8.setFlagsFromString('--heap-growing-percent=25'); // as the command sets it
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-soak-'));
const faults = Object.entries(spreadOver(passingFaults, 0.05))
  .map(([name, share]) => `${name}=${share}`)
  .join(',');
const server = await startServer(
  ['--median-ms', values['median-ms'], '--sigma', '0.8', '--retry-after-ms', '1000', '--faults', faults],
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
const index = await openIndex(indexPath, values.threads === undefined ? {} : { threads: Number(values.threads) });
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
  if (values.samples !== undefined) appendFileSync(values.samples, `${JSON.stringify(rounded(now))}\n`);
  if (samples.length % Math.round(60 / Number(values.every)) === 0)
    console.log(JSON.stringify({ bench: 'soak', minutes: Math.round(now.hours * 60), ...rounded(now) }));
}, Number(values.every) * 1000);
const mined = bm25HardNeg({ index, ...common, requirePositive: false })(doc2Query({ model, ...common })(documents()));
for await (const _ of reasonDistill({ model, ...common })(mined)) out += 1;
clearInterval(sampling);
assert.equal(out + rejected, read);
await Promise.all([model.close(), index.close()]);
const { calls, faults: played } = await server.sums();
await server.stop();
rmSync(folder, { recursive: true });

function rounded(figures: object): object {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'object' ? rounded(value) : Number(value.toFixed(name === 'hours' ? 4 : 2)),
    ]),
  );
}

const second = samples.slice(Math.floor(samples.length / 2));

/** The slope of a figure over the second half, in percent of its median an hour. */
function slopeOf(figure: (sample: Sample) => number) {
  const points = second.map((one) => ({ x: one.hours, y: figure(one) }));
  const middle = medianOf(points.map(({ y }) => y));
  const { slope, low, high } = robustSlope(points);
  const percent = (perHour: number) => Number(((100 * perHour) / (middle || 1)).toFixed(2));
  return { median: Number(middle.toFixed(1)), percentAnHour: percent(slope), low: percent(low), high: percent(high) };
}

const memorySlopes = (when: 'raw' | 'collected') =>
  Object.fromEntries(
    (Object.keys(second[0]?.[when] ?? {}) as (keyof ProcessMemory)[]).map((name) => [
      name,
      slopeOf((one) => one[when][name]),
    ]),
  );
const [anonymous, inUse] = [slopeOf((one) => one.collected.anonymous), slopeOf((one) => one.collected.inUse)];
const most = 100 * BOUND;
const grows = anonymous.low > most || inUse.low > most;
const verdict = grows ? 'grows' : anonymous.percentAnHour < most && inUse.high < most ? 'flat' : 'undecided';
console.log(
  JSON.stringify({
    bench: 'soak',
    ...{ minutes: Number(values.minutes), slots, records: read, out, rejected, calls },
    ...{ faults: Object.keys(played).length, warnings: warnings.length, samples: second.length, verdict },
  }),
);
const slopes = {
  ...{ files: slopeOf((one) => one.files), sockets: slopeOf((one) => one.sockets) },
  ...{ resources: slopeOf((one) => one.resources) },
};
console.log(JSON.stringify({ bench: 'soak', when: 'collected', ...memorySlopes('collected'), ...slopes }));
console.log(JSON.stringify({ bench: 'soak', when: 'raw', ...memorySlopes('raw') }));
assert.deepEqual(warnings, []);
assert.equal(verdict, 'flat', 'anonymous memory');
