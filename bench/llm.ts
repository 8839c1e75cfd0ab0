// Question: what share of K slots of a model server is busy until the input is exhausted? And at a limit of requests or
// tokens a minute, what share of the limit is used, at how many 429s?
// Fair because: the server is `rareflow stand-in` in a process of its own, with the same seed, so every contestant meets
// the same service times and faults (both depend on the record and on the number of the call about it); the server does
// the measuring. Every contestant sends the same prompts. Answers are checked: every record has its own question or was
// rejected. The bare loops show what the machine and the server lose by themselves.
// With --bench cpu the server answers at once and without faults, so that only processor time counts.
// Options: --bench slots,requests,tokens,cpu --slots 64,256 --median-ms 1000 --rounds 160 (records = rounds × slots)
// --minutes 2 (of the rate benches) --only PART-OF-A-NAME --seed 1
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import type { DataRecord } from '../src/record.js';
import { bareLoops, barriers, type Contestant, fetchLoops, plainPMap, rareflow } from './llm/contestants.js';
import { type ServerSums, startServer } from './llm/server.js';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    bench: text('slots,requests,tokens'),
    slots: text('64,256'),
    'median-ms': text('1000'),
    rounds: text('160'),
    minutes: text('2'),
    only: text(''),
    seed: text('1'),
  },
});
const benches = values.bench.split(',');
const minutes = Number(values.minutes);

const sentence = 'Glaciers carve valleys as they move, and what they leave behind tells how far they once reached. ';

async function* documents(count: number, onEnd: () => void): AsyncGenerator<DataRecord> {
  for (let id = 0; id < count; id++) yield { id: `d${id}`, text: `Document ${id}. ${sentence.repeat(12)}` };
  onEnd();
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

interface Match {
  bench: string;
  contestants: Record<string, Contestant>;
  slots: number;
  records: number;
  /** Flags of the stand-in. */
  server: string[];
  /** Returns further figures of the server: when the input was exhausted, and at the end. */
  figures: (atEndOfInput: ServerSums, atEnd: ServerSums) => Record<string, number>;
}

async function play({ bench, contestants, slots, records, server: flags, figures }: Match): Promise<void> {
  for (const [contestant, work] of Object.entries(contestants)) {
    if (!contestant.includes(values.only)) continue;
    const times = ['--median-ms', values['median-ms'], '--sigma', '0.8', '--seed', values.seed];
    const server = await startServer([...times, ...flags], slots);
    const done = new Set<unknown>();
    let rejected = 0;
    let atEndOfInput: Promise<ServerSums> | undefined;
    const cpu = process.cpuUsage();
    await work({
      baseUrl: server.baseUrl,
      concurrency: slots,
      records: () =>
        documents(records, () => {
          atEndOfInput = server.sums();
        }),
      onDone: ({ id, question }) => {
        assert.ok(typeof question === 'string' && !done.has(id), `a wrong or second answer for ${id}`);
        done.add(id);
      },
      onReject: () => {
        rejected += 1;
      },
    });
    const { user, system } = process.cpuUsage(cpu);
    assert.equal(done.size + rejected, records, `${contestant}: records were lost`);
    const sums = await server.sums();
    await server.stop();
    assert.ok(atEndOfInput);
    const line = { bench: `llm ${bench}`, contestant, slots, records, rejected, calls: sums.calls };
    const cpuMsPerCall = round((user + system) / 1000 / sums.calls, 2);
    const seconds = round((sums.lastRecordMs - sums.firstStartMs) / 1000, 1);
    console.log(JSON.stringify({ ...line, seconds, ...figures(await atEndOfInput, sums), cpuMsPerCall }));
  }
}

if (benches.includes('slots')) {
  for (const slots of values.slots.split(',').map(Number)) {
    await play({
      bench: 'slots',
      contestants: {
        'rareflow, ordered': rareflow({ ordered: true }),
        'rareflow, unordered': rareflow({ ordered: false }),
        'rareflow, --adaptive-concurrency': rareflow({ ordered: true, adaptiveConcurrency: true }),
        'bare loops, the ceiling': bareLoops,
        'p-map and the openai client': plainPMap,
        'barriers: batches of 4,000': barriers(4000),
      },
      slots,
      records: Number(values.rounds) * slots,
      server: ['--faults', 'passing=0.02'],
      figures: (_, { utilisation, peakInFlight }) => ({ utilisation: round(utilisation, 4), peakInFlight }),
    });
  }
}

if (benches.includes('cpu')) {
  for (const slots of values.slots.split(',').map(Number)) {
    await play({
      bench: 'cpu',
      contestants: {
        'rareflow, unordered': rareflow({ ordered: false }),
        'loops of fetch': fetchLoops,
        'bare loops of undici': bareLoops,
      },
      slots,
      records: Number(values.rounds) * slots,
      server: ['--median-ms', '0'],
      figures: (_, { calls, lastRecordMs, firstStartMs }) => ({
        callsPerSecond: Math.round(calls / ((lastRecordMs - firstStartMs) / 1000)),
      }),
    });
  }
}

// Limits that hold about 20 of 64 slots busy; a bucket of 5 s, so that little can be saved up.
const maxTokens = 300;
const limits = {
  requests: { perMinute: 1200, flag: '--requests-per-minute', option: 'requestsPerMinute' },
  tokens: { perMinute: 720_000, flag: '--tokens-per-minute', option: 'tokensPerMinute' },
} as const;
for (const unit of ['requests', 'tokens'] as const) {
  if (!benches.includes(unit)) continue;
  const { perMinute, flag, option } = limits[unit];
  await play({
    bench: `${unit} a minute`,
    contestants: {
      [`rareflow, ${flag}`]: rareflow({ ordered: true, maxTokens, [option]: perMinute }),
      'rareflow, limits from headers': rareflow({ ordered: true, maxTokens }),
      'p-map and the openai client': plainPMap,
    },
    slots: 64,
    records: Math.round(minutes * 1200),
    server: [flag, String(perMinute), '--burst-seconds', '5'],
    figures: (early, { statuses, calls }) => {
      const elapsedMinutes = (early.nowMs - early.firstStartMs) / 60_000;
      const tokens = early.promptTokens + early.completionTokens;
      const used = unit === 'tokens' ? tokens : (early.statuses['200'] ?? 0) + early.inFlight;
      const share = used / (perMinute * elapsedMinutes);
      return { shareOfLimit: round(share, 4), share429: round((statuses['429'] ?? 0) / calls, 4) };
    },
  });
}
