// Question: what share of K slots of a model server is busy until the input is exhausted? And at a limit of requests or
// tokens a minute, what share of the limit is used, at how many 429s?
// Fair because: the server is the stand-in in a process of its own, with the same seed, so every contestant meets the same
// service times and faults (both depend on the record and the number of the call only); it measures by itself. Every
// contestant sends the same prompts. Answers are checked: every record has its own question or was rejected.
// Options: --slots 64,256 --medianMs 1000 --rounds N (records = rounds × slots) --only NAME --seed N
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import type { DataRecord } from '../src/record.js';
import type { FaultRates } from '../src/standIn/faults.js';
import type { StandInOptions } from '../src/standIn/server.js';
import { bareLoops, barriers, type Contestant, plainPMap, rareflow } from './llm/contestants.js';
import { startServer } from './llm/server.js';

const { values } = parseArgs({
  options: {
    bench: { type: 'string', default: 'slots,requests,tokens' },
    slots: { type: 'string', default: '64,256' },
    medianMs: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '160' },
    minutes: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const medianMs = Number(values.medianMs);
const seed = Number(values.seed);

/** 2 % of calls fail, in the ways that pass; no 429s: they ask for idle slots. */
const passing = ['http500', 'http503', 'timeout408', 'resetBefore', 'resetMidBody', 'cut200', 'empty200', 'error200'];
const faults: FaultRates = Object.fromEntries(passing.map((name) => [name, 0.02 / passing.length]));

const sentence = 'Glaciers carve valleys as they move, and what they leave behind tells how far they once reached. ';

async function* documents(count: number, onEnd: () => void): AsyncGenerator<DataRecord> {
  for (let id = 0; id < count; id++) yield { id: `d${id}`, text: `Document ${id}. ${sentence.repeat(12)}` };
  onEnd();
}

interface Match {
  bench: string;
  contestants: Record<string, Contestant>;
  concurrency: number;
  records: number;
  server: StandInOptions;
  /** Calls a second that the server lets through. */
  bound?: number;
}

async function play({ bench, contestants, concurrency, records, server: options, bound }: Match): Promise<void> {
  for (const [contestant, work] of Object.entries(contestants)) {
    if (!contestant.includes(values.only)) continue;
    const server = await startServer({ medianMs, sigma: 0.8, seed, ...options, slots: concurrency });
    const done = new Set<unknown>();
    let rejected = 0;
    const cpu = process.cpuUsage();
    await work({
      baseUrl: server.baseUrl,
      concurrency,
      records: () => documents(records, server.exhausted),
      onDone: ({ id, question }) => {
        assert.ok(typeof question === 'string' && !done.has(id), `a wrong or second answer for ${id}`);
        done.add(id);
      },
      onReject: () => {
        rejected += 1;
      },
    });
    const { user, system } = process.cpuUsage(cpu);
    const report = await server.report();
    assert.equal(done.size + rejected, records, `${contestant}: records were lost`);
    const round = (value: number, digits: number) => Number(value.toFixed(digits));
    console.log(
      JSON.stringify({
        bench: `llm ${bench}`,
        contestant,
        slots: concurrency,
        records,
        rejected,
        calls: report.calls,
        peakInFlight: report.peakInFlight,
        seconds: round(report.seconds, 1),
        utilisation: round(report.utilisation, 4),
        callsPerSecond: round(report.servedPerSecond, 1),
        ...(bound !== undefined && { shareOfBound: round(report.servedPerSecond / bound, 4) }),
        share429: round(report.limited / report.calls, 4),
        cpuMsPerCall: round((user + system) / 1000 / report.calls, 2),
      }),
    );
  }
}

const benches = values.bench.split(',');
if (benches.includes('slots')) {
  for (const concurrency of values.slots.split(',').map(Number)) {
    await play({
      bench: 'slots',
      contestants: {
        'rareflow, ordered': rareflow({ ordered: true }),
        'rareflow, unordered': rareflow({ ordered: false }),
        'rareflow, spare 1/8': rareflow({ ordered: false, spare: 1 / 8 }),
        'bare loops, the ceiling': bareLoops,
        'p-map and the openai client': plainPMap,
        'barriers: batches of 4,000': barriers(4000),
      },
      concurrency,
      records: Number(values.rounds) * concurrency,
      server: { faults },
    });
  }
}
if (benches.includes('requests')) {
  const perMinute = 1200;
  const bound = perMinute / 60;
  await play({
    bench: 'requests a minute',
    contestants: {
      'rareflow, --requests-per-minute': rareflow({ ordered: true, requestsPerMinute: perMinute }),
      'p-map and the openai client': plainPMap,
    },
    concurrency: 64,
    records: Math.round(Number(values.minutes) * perMinute),
    server: { bucket: { perSecond: bound, burst: 5 * bound } },
    bound,
  });
}
