// Question: what does a resumable run cost, does its memory stay flat, and how soon does a resumed run do new work?
// Fair because: both contestants read the same file through the same cheap operator (which adds a field to each record) and
// write the same bytes to the same disk; they alternate in separate processes, and the medians of the rounds' ratios are
// printed, of wall time and of processor time (a busy machine blurs the first). Every output is compared with the first.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readRecords } from '../src/io/read/readRecords.js';
import { durableJsonl } from '../src/io/write/durableJsonl.js';
import { writeJsonl } from '../src/io/write/writeJsonl.js';
import { writeRejects } from '../src/io/write/writeRejects.js';
import { recordOperator } from '../src/operators/recordOperator.js';
import { runPipeline } from '../src/pipeline/runPipeline.js';
import { RunStore } from '../src/pipeline/state/runStore.js';

type Kind = 'plain' | 'checkpoint' | 'stop' | 'resume';
const [first = '100000', second, input = '', output = ''] = process.argv.slice(2);
if (second === 'plain' || second === 'checkpoint' || second === 'stop' || second === 'resume') {
  await work(second, Number(first));
} else await main([first, second].filter((count) => count !== undefined).map(Number));

interface Figures {
  seconds: number;
  cpuSeconds: number;
  peakRssBytes: number;
  firstRecordMs: number;
}

/** Runs one contestant, in a separate process. */
async function work(kind: Kind, records: number): Promise<void> {
  const stop = new AbortController();
  let firstRecordMs: number | undefined;
  const startedMs = performance.now();
  const cheap = recordOperator(
    { stage: 'cheap', inputs: [], outputs: ['length'] },
    { provenance: false },
    async (record) => {
      firstRecordMs ??= performance.now() - startedMs;
      if (kind === 'stop' && record.n === Math.floor(records * 0.9)) stop.abort(new Error('stopped'));
      return [{ fields: { length: String(record.text).length }, provenance: {} }];
    },
  );
  const options = { stages: [{ name: 'cheap', operator: cheap }], stop: stop.signal };
  if (kind === 'plain') {
    const rejects = writeRejects(`${output}.rejects`);
    await runPipeline({
      ...options,
      source: (context) => readRecords(input, { signal: context.signal, rejects: context.rejects }),
      sink: writeJsonl(output),
      rejects: rejects.rejects,
    });
  } else {
    await using store = new RunStore(`${output}.rareflow`);
    const files = { output: durableJsonl(output), rejects: durableJsonl(`${output}.rejects`, { partial: false }) };
    const run = runPipeline({
      ...options,
      source: (context) => readRecords(input, context),
      checkpoint: { store, settings: { input }, ...files },
    });
    if (kind === 'stop') await assert.rejects(run, /stopped/);
    else await run;
  }
  const { user, system } = process.cpuUsage();
  const figures: Figures = {
    seconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    firstRecordMs: firstRecordMs ?? Number.NaN,
  };
  console.log(JSON.stringify(figures));
}

async function main(sizes: number[]): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-checkpoint-'));
  const run = (kind: Kind, records: number, from: string, to: string): Figures => {
    const args = ['--import', 'tsx', import.meta.filename, String(records), kind, from, to];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };
  try {
    for (const records of sizes) {
      const corpus = path.join(folder, `${records}.jsonl`);
      await pipeline(lines(records), createWriteStream(corpus));
      const rounds: Record<'plain' | 'checkpoint', Figures>[] = [];
      run('plain', records, corpus, path.join(folder, 'plain'));
      const expected = await digest(path.join(folder, 'plain'));
      for (let round = 0; round < (records > 500_000 ? 3 : 7); round++) {
        const plain = run('plain', records, corpus, path.join(folder, 'plain'));
        const checkpoint = run('checkpoint', records, corpus, path.join(folder, 'checkpoint'));
        assert.equal(await digest(path.join(folder, 'checkpoint')), expected);
        rounds.push({ plain, checkpoint });
      }
      const ratio = (of: (figures: Figures) => number) =>
        Number(median(rounds.map(({ plain, checkpoint }) => of(plain) / of(checkpoint))).toFixed(3));
      const of = (kind: 'plain' | 'checkpoint', key: keyof Figures) => median(rounds.map((round) => round[kind][key]));
      report('throughput', {
        records,
        plainPerSecond: Math.round(records / of('plain', 'seconds')),
        checkpointPerSecond: Math.round(records / of('checkpoint', 'seconds')),
        throughputRatio: ratio(({ seconds }) => seconds),
        cpuRatio: ratio(({ cpuSeconds }) => cpuSeconds),
        plainPeakRssMb: Math.round(of('plain', 'peakRssBytes') / 2 ** 20),
        checkpointPeakRssMb: Math.round(of('checkpoint', 'peakRssBytes') / 2 ** 20),
      });
      const stopped = path.join(folder, 'stopped');
      run('stop', records, corpus, stopped);
      const { firstRecordMs } = run('resume', records, corpus, stopped);
      assert.equal(await digest(stopped), expected);
      report('resume at 90 %', { records, newWorkAfterMs: Math.round(firstRecordMs) });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function* lines(records: number): Generator<string> {
  for (let n = 0; n < records; n++)
    yield `${JSON.stringify({ n, id: `d${n}`, text: `${n} ${'tide and moon '.repeat(30)}` })}\n`;
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha1');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function report(question: string, figures: object): void {
  console.log(JSON.stringify({ bench: 'checkpoint', question, ...figures }));
}
