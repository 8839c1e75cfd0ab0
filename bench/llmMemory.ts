// Question: does the memory of a run grow with its records? Both model stages and mining between them, at 256 calls at
// once, over inputs of several sizes, each in a process of its own.
// Fair because: the records are made on the fly and dropped at the end, so the remaining memory is that of the stages; they keep
// the order of the input, with its window. The stand-in, in a process of its own, answers at once; --offline leaves HTTP out,
// for inputs that would take hours. Peak is the resident set as the kernel counts it.
// Options: --records 20000,200000 --slots 256 --offline
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
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
  reasonDistill,
} from '../src/index.js';
import { startServer } from './llm/server.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000,200000' },
    slots: { type: 'string', default: '256' },
    offline: { type: 'boolean', default: false },
    child: { type: 'string' },
  },
});
const slots = Number(values.slots);
const subjects = ['glacier', 'yeast', 'harbour', 'comet', 'orchard', 'turbine', 'violin', 'desert'];

function documentOf(id: number): DataRecord {
  const subject = subjects[id % subjects.length];
  const text = `Note ${id} on the ${subject}. ${`The ${subject} number ${id % 997} changes with the seasons. `.repeat(12)}`;
  return { id: `d${id}`, text };
}

async function* documents(count: number): AsyncGenerator<DataRecord> {
  for (let id = 0; id < count; id++) yield documentOf(id);
}

async function run(count: number, indexPath: string): Promise<void> {
  const server = values.offline ? undefined : await startServer(['--median-ms', '0'], slots);
  const model = createModel({ model: server ? 'stand-in' : 'offline', baseUrl: server?.baseUrl, concurrency: slots });
  const index = await openIndex(indexPath);
  let rejected = 0;
  const common = {
    concurrency: slots,
    rejects: () => {
      rejected += 1;
    },
  };
  const stages = [
    doc2Query({ model, ...common }),
    bm25HardNeg({ index, ...common, sampling: 'top', requirePositive: false }),
    reasonDistill({ model, ...common }),
  ];
  let stream: AsyncIterable<DataRecord> = documents(count);
  for (const stage of stages) stream = stage(stream);
  const startedMs = performance.now();
  let out = 0;
  for await (const _ of stream) out += 1;
  const seconds = (performance.now() - startedMs) / 1000;
  assert.equal(out + rejected, count);
  const { total } = model.usage();
  await Promise.all([model.close(), index.close(), server?.stop()]);
  const figures = { records: count, out, rejected, calls: total.calls, seconds: Math.round(seconds) };
  const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({ bench: 'llmMemory', model: server ? 'stand-in' : 'offline', slots, ...figures, peakRssMiB }),
  );
}

// As the command sets it: garbage is collected before it grows to several times what is alive.
v8.setFlagsFromString('--heap-growing-percent=25');

if (values.child !== undefined) {
  await run(Number(values.records), values.child);
} else {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-bench-'));
  const indexPath = path.join(folder, 'x.bm25');
  await buildIndex(documents(2000), indexPath);
  for (const count of values.records.split(',')) {
    const args = [
      '--records',
      count,
      '--slots',
      values.slots,
      '--child',
      indexPath,
      ...(values.offline ? ['--offline'] : []),
    ];
    await once(fork(import.meta.filename, args), 'exit');
  }
  rmSync(folder, { recursive: true });
}
