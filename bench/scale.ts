// Question: what breaks first at 10^6 to 10^9 documents on 1 to 1,000 machines, and what helps?
// A discrete-event simulation of `rareflow run --queue`: records pass the coordinator, Redis, a slot of a machine, mining, and the
// same again for the second call. Latency is log-normal, some machines are slow, machines are lost and come back. The costs are the
// measured ones (RESULTS.md); the first part holds the model to the measured 1, 2 and 4 workers and fails if it is off by 5 %.
// Options: --slots 128 --median-s 10 --sigma 0.8 --threads 7 --prompt-tokens 2000 --answer-tokens 1500 --input-usd 0.15 --output-usd 0.6
import { parseArgs } from 'node:util';
import { seededRandom, shuffledOrder } from '../src/util/random.js';

const { values } = parseArgs({
  options: {
    slots: { type: 'string', default: '128' },
    'median-s': { type: 'string', default: '10' },
    sigma: { type: 'string', default: '0.8' },
    threads: { type: 'string', default: '7' },
    'prompt-tokens': { type: 'string', default: '2000' },
    'answer-tokens': { type: 'string', default: '1500' },
    'input-usd': { type: 'string', default: '0.15' },
    'output-usd': { type: 'string', default: '0.6' },
  },
});

/** Measured: CLUSTER.md of the project and RESULTS.md. */
const COORDINATOR_RECORDS_PER_S = 200;
const REDIS_JOBS_PER_S = 1468;
const MINING_S_PER_MILLION = 0.013;
const INDEXED_PER_S = 20_000;
const INDEX_BYTES = 2000;
const LOST_AFTER_S = 5;
const CALLS = 2;

interface Cell {
  seed: number;
  /** Records that are simulated. */
  records: number;
  machines: number;
  slots: number;
  medianS: number;
  sigma: number;
  /** Documents of the index that is searched. */
  indexed: number;
  threads: number;
  /** The part of a Redis that the cell has. */
  redisShare: number;
  slowShare: number;
  hoursBetweenLosses: number;
}

const FEED = 1.5;
const SLOW_FACTOR = 3;
const BACK_S = 600;

interface Event {
  at: number;
  run: () => void;
}

/** A binary heap of events by time. */
class Agenda {
  readonly #heap: Event[] = [];
  now = 0;

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    let hole = heap.length;
    const event = { at, run };
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((heap[parent] as Event).at <= at) break;
      heap[hole] = heap[parent] as Event;
      hole = parent;
    }
    heap[hole] = event;
  }

  next(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) {
      let hole = 0;
      for (;;) {
        let child = 2 * hole + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && (heap[child + 1] as Event).at < (heap[child] as Event).at) child += 1;
        if ((heap[child] as Event).at >= last.at) break;
        heap[hole] = heap[child] as Event;
        hole = child;
      }
      heap[hole] = last;
    }
    this.now = first.at;
    return first;
  }
}

/** A station that serves in the order of arrival, by one or several servers. */
class Station {
  readonly #freeAt: number[];
  /** The seconds of all its services. */
  busyS = 0;

  constructor(readonly servers: number) {
    this.#freeAt = Array.from({ length: servers }, () => 0);
  }

  /** Returns the time at which a service that arrives at `at` ends. */
  serve(at: number, seconds: number): number {
    const server = this.#freeAt.indexOf(Math.min(...this.#freeAt));
    const end = Math.max(at, this.#freeAt[server] as number) + seconds;
    this.busyS += seconds;
    this.#freeAt[server] = end;
    return end;
  }
}

interface Call {
  /** 0 for the question, 1 for the reasoning. */
  stage: number;
}

interface Machine {
  factor: number;
  /** Raised when it is lost: what it had in flight is void. */
  life: number;
  inFlight: Set<Call>;
}

/** Simulates one coordinator with its machines until all records are out. */
function simulate(cell: Cell) {
  const random = seededRandom('scale', cell.seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const latency = () => cell.medianS * Math.exp(cell.sigma * normal());
  const agenda = new Agenda();
  const coordinator = new Station(1);
  const redis = new Station(1);
  const mining = new Station(cell.threads);
  const slotsOfAll = { busyS: 0, servers: cell.machines * cell.slots };
  const stations = { coordinator, Redis: redis, mining, machines: slotsOfAll };
  const machines: Machine[] = Array.from({ length: cell.machines }, () => ({
    ...{ factor: random() < cell.slowShare ? SLOW_FACTOR : 1, life: 0, inFlight: new Set<Call>() },
  }));
  const idle: { machine: Machine; life: number }[] = [];
  const waiting: Call[] = [];
  let head = 0;
  let started = 0;
  let firstStart = Number.NaN;
  let lastStart = 0;
  let done = 0;
  const quarter = Math.floor(cell.records / 4);
  const seen = () => ({ at: agenda.now, busyS: Object.values(stations).map(({ busyS }) => busyS) });
  let early = seen();
  let late = early;

  const addSlots = (machine: Machine) => {
    for (let slot = 0; slot < cell.slots; slot += 1) idle.push({ machine, life: machine.life });
  };
  const match = () => {
    while (head < waiting.length && idle.length > 0) {
      const { machine, life } = idle.pop() as (typeof idle)[0];
      if (life !== machine.life) continue;
      const call = waiting[head++] as Call;
      if (Number.isNaN(firstStart)) firstStart = agenda.now;
      lastStart = agenda.now;
      machine.inFlight.add(call);
      const seconds = latency() * machine.factor;
      agenda.add(agenda.now + seconds, () => {
        if (life !== machine.life) return;
        machine.inFlight.delete(call);
        slotsOfAll.busyS += seconds;
        idle.push({ machine, life });
        answered(call);
        match();
      });
    }
    if (head < 10_000) return;
    waiting.splice(0, head);
    head = 0;
  };
  const ask = (call: Call) => {
    const sent = coordinator.serve(agenda.now, 1 / COORDINATOR_RECORDS_PER_S / CALLS);
    agenda.add(redis.serve(sent, 1 / (REDIS_JOBS_PER_S * cell.redisShare)), () => {
      waiting.push(call);
      match();
    });
  };
  const start = () => {
    if (started === cell.records) return;
    started += 1;
    ask({ stage: 0 });
  };
  const answered = ({ stage }: Call) => {
    if (stage === 0) {
      const mined = mining.serve(agenda.now, (MINING_S_PER_MILLION * cell.indexed) / 1e6);
      agenda.add(mined, () => ask({ stage: 1 }));
      return;
    }
    done += 1;
    if (done === quarter) early = seen();
    if (done === 3 * quarter) late = seen();
    start();
  };
  const loseLater = (machine: Machine) => {
    const after = -Math.log(1 - random()) * cell.hoursBetweenLosses * 3600;
    agenda.add(agenda.now + after, () => {
      const calls = [...machine.inFlight];
      machine.inFlight.clear();
      machine.life += 1;
      agenda.add(agenda.now + LOST_AFTER_S, () => {
        for (const call of calls) ask(call);
      });
      agenda.add(agenda.now + BACK_S, () => {
        addSlots(machine);
        match();
        loseLater(machine);
      });
    });
  };

  for (const machine of machines) addSlots(machine);
  const shuffled = shuffledOrder(idle.length, random).map((at) => idle[at] as (typeof idle)[0]);
  idle.length = 0;
  for (const slot of shuffled) idle.push(slot);
  for (const machine of machines) loseLater(machine);
  for (let fed = 0; fed < FEED * cell.machines * cell.slots; fed += 1) start();
  while (done < cell.records) agenda.next()?.run();

  const middleS = late.at - early.at;
  const loads = Object.entries(stations).map(([name, { servers }], index) => {
    const busyS = (late.busyS[index] as number) - (early.busyS[index] as number);
    return { name, load: busyS / (middleS * servers) };
  });
  loads.sort((a, b) => b.load - a.load);
  return { seconds: agenda.now, rate: (2 * quarter) / middleS, loads, toLastStart: lastStart - firstStart };
}

/** Holds the model to the queue that was measured: 8 slots a worker, 4 s an answer, 60 records a worker, 1.5 x the slots in flight. */
function checked() {
  const measured = { 1: 1.05, 2: 2.1, 4: 4.18 };
  const simulated = Object.entries(measured).map(([count, rate]) => {
    const machines = Number(count);
    const records = 60 * machines;
    const { toLastStart } = simulate({
      ...{ seed: 1, records, machines, slots: 8, medianS: 4, sigma: 0, indexed: records, threads: 1, redisShare: 1 },
      ...{ slowShare: 0, hoursBetweenLosses: 1e9 },
    });
    return { workers: machines, measured: rate, simulated: records / toLastStart };
  });
  const off = simulated.filter((one) => Math.abs(one.simulated / one.measured - 1) > 0.05);
  if (off.length > 0) throw new Error(`the simulation is off by more than 5 %: ${JSON.stringify(off)}`);
  return simulated;
}

const slots = Number(values.slots);
const medianS = Number(values['median-s']);
const sigma = Number(values.sigma);
const threads = Number(values.threads);
const latencies = { slots, medianS, sigma, threads, slowShare: 0.02, hoursBetweenLosses: 200 };
const meanS = medianS * Math.exp(sigma ** 2 / 2);

/** Seconds for all records, if what is simulated is their end and those before came out at its rate. */
const wholeSeconds = (records: number, simulated: number, { seconds, rate }: { seconds: number; rate: number }) =>
  seconds + (records - simulated) / rate;

/** Enough records that what is in flight at the start and at the end is not in the middle, where the rate is taken. */
const sampleOf = (records: number, machines: number) =>
  Math.round(Math.min(records, Math.max(20_000, 4 * FEED * machines * slots)));

/** One coordinator, one Redis and one index for everything. */
function undivided(docs: number, machines: number) {
  const records = sampleOf(docs, machines);
  const cell = simulate({ ...latencies, seed: 1, records, machines, indexed: docs, redisShare: 1 });
  const days = (wholeSeconds(docs, records, cell) + docs / INDEXED_PER_S) / 86_400;
  return { days, first: cell.loads[0]?.name ?? '' };
}

/** As many coordinators as the machines need, each with a shard at a time and the index of that shard. */
function divided(docs: number, machines: number) {
  const ideal = (machines * slots) / (CALLS * meanS);
  const coordinators = Math.min(machines, Math.max(1, Math.ceil(ideal / (0.75 * COORDINATOR_RECORDS_PER_S))));
  const each = Math.round(machines / coordinators);
  // A shard ends with its slowest answers, so one takes an hour at least; with four for each coordinator a slow one takes fewer.
  const shardsOfEach = Math.min(4, Math.max(1, Math.floor(docs / ideal / 3600)));
  // Mining has a third to spare.
  const minable = (threads / MINING_S_PER_MILLION / (1.33 * (ideal / coordinators))) * 1e6;
  const least = coordinators === 1 ? 1 : shardsOfEach * coordinators;
  const shards = Math.max(least, Math.ceil(docs / Math.min(minable, 1e7)));
  const slice = docs / shards;
  const redises = Math.ceil((ideal * CALLS) / (0.75 * REDIS_JOBS_PER_S));
  const records = sampleOf(slice, each);
  const cells = [1, 2, 3].map((seed) =>
    simulate({
      ...{ ...latencies, seed, records, machines: each, indexed: slice },
      redisShare: Math.min(1, redises / coordinators),
    }),
  );
  const shardSeconds = (coordinator: number) =>
    slice / INDEXED_PER_S + wholeSeconds(slice, records, cells[coordinator % cells.length] as (typeof cells)[0]);
  const free = Array.from({ length: coordinators }, () => 0);
  for (let shard = 0; shard < shards; shard += 1) {
    const next = free.indexOf(Math.min(...free));
    free[next] = (free[next] as number) + shardSeconds(next);
  }
  const seconds = Math.max(...free);
  const lost = (machines * seconds) / (latencies.hoursBetweenLosses * 3600);
  return {
    ...{ coordinators, redises, shards, slice, days: seconds / 86_400, lost, paidAgain: lost * slots },
    ...{ used: docs / ideal / seconds, indexGb: (slice * INDEX_BYTES) / 1e9 },
  };
}

const figure = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2));
const gigabytes = (value: number) => `${figure(value)} GB`;
const time = (days: number) =>
  days >= 1 ? `${figure(days)} d` : days >= 1 / 24 ? `${figure(days * 24)} h` : `${figure(days * 1440)} min`;

console.log('| workers | measured records/s | simulated |\n|---|---|---|');
for (const one of checked()) console.log(`| ${one.workers} | ${one.measured} | ${one.simulated.toFixed(2)} |`);
console.log(
  `\n${slots} slots a machine, answers of ${medianS} s (median), sigma ${sigma}, ${threads} threads that mine\n`,
);
console.log(
  '| documents | machines | all in one | its index | breaks first | coordinators | Redis | shards | index of each | time | of the ideal | machines lost, calls paid again |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const docs of [1e6, 1e7, 1e8, 1e9]) {
  for (const machines of [1, 10, 100, 1000]) {
    const one = undivided(docs, machines);
    const many = divided(docs, machines);
    const cells = [
      ...[`10^${Math.log10(docs)}`, machines, time(one.days), gigabytes((docs * INDEX_BYTES) / 1e9), one.first],
      ...[many.coordinators, many.redises, `${many.shards} of ${figure(many.slice)}`, gigabytes(many.indexGb)],
      ...[time(many.days), `${Math.round(100 * many.used)} %`, `${figure(many.lost)}, ${figure(many.paidAgain)}`],
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
const perMillion =
  Number(values['prompt-tokens']) * Number(values['input-usd']) +
  Number(values['answer-tokens']) * Number(values['output-usd']);
console.log(
  `\ndollars a million records = prompt tokens a record × dollars a million prompt tokens + the same of answers = ${figure(perMillion)}`,
);
