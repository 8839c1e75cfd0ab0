// Question: what share of 64 slots is busy if a gateway answers 429 to one call in some hundreds whatever the load; and at a
// real limit, also one that halves in mid-run, what share of the limit is used, at how many 429s?
// Fair because: the time is simulated, so that no other process matters, and a line is compared with the first of the same
// rate. The model is createModel's with a custom model; service times have a sigma of 0.8, and a 429 takes 5 ms.
// Options: --calls 6000 --seed 1 --only PART-OF-A-NAME
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { createModel } from '../src/index.js';
import type { Clock } from '../src/llm/limits/clock.js';
import { seededRandom } from '../src/util/random.js';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const calls = Number(values.calls);
const slots = 64;
const sigma = 0.8;

/** A clock whose time passes as soon as nothing else is left to do. */
function simulatedClock() {
  let now = 0;
  const timers: { atMs: number; wake: () => void }[] = [];
  const sleep: Clock['sleep'] = (ms) =>
    new Promise((wake) => {
      const timer = { atMs: now + ms, wake };
      let index = timers.length;
      while (index > 0 && (timers[index - 1] as typeof timer).atMs < timer.atMs) index -= 1;
      timers.splice(index, 0, timer);
    });
  const run = async (until: Promise<unknown>) => {
    let isOver = false;
    void until.finally(() => {
      isOver = true;
    });
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return until;
      const next = timers.pop();
      if (next === undefined) continue;
      now = Math.max(now, next.atMs);
      next.wake();
    }
  };
  return { clock: { now: () => now, sleep } satisfies Clock, run };
}

interface Limiter {
  /** Returns the milliseconds until a refused call may be made again; undefined if it is accepted. */
  refuses(nowMs: number): number | undefined;
  /** The calls that it could have accepted until then. */
  bound?(nowMs: number): number;
}

const lone = (share: number, random: () => number): Limiter => ({
  refuses: () => (random() < share ? 200 : undefined),
});

/** A token bucket with a burst of 5 s, whose rate halves at `halvesAtMs`. */
function bucket(perSecond: number, halvesAtMs = Number.POSITIVE_INFINITY): Limiter {
  let level = 5 * perSecond;
  let atMs = 0;
  const rate = (nowMs: number) => (nowMs < halvesAtMs ? perSecond : perSecond / 2) / 1000;
  return {
    refuses(nowMs) {
      level = Math.min(5 * perSecond, level + (nowMs - atMs) * rate(nowMs));
      atMs = nowMs;
      if (level < 1) return (1 - level) / rate(nowMs);
      level -= 1;
      return undefined;
    },
    bound: (nowMs) => {
      const before = Math.min(nowMs, halvesAtMs);
      return 5 * perSecond + before * (perSecond / 1000) + ((nowMs - before) * perSecond) / 2000;
    },
  };
}

interface Played {
  name: string;
  perSecond: number;
  limiter: (random: () => number) => Limiter;
  named: boolean;
}

async function play({ name, perSecond, limiter: make, named }: Played) {
  const random = seededRandom(Number(values.seed));
  const { clock, run } = simulatedClock();
  const limiter = make(random);
  const medianMs = ((slots / perSecond) * 1000) / Math.exp(sigma ** 2 / 2);
  let busyMs = 0;
  let refused = 0;
  let accepted = 0;
  const model = createModel({
    model: {
      name: 'simulated',
      async complete() {
        const waitMs = limiter.refuses(clock.now());
        if (waitMs !== undefined) {
          refused += 1;
          await clock.sleep(5);
          throw {
            status: 429,
            message: 'too many',
            ...(named && { headers: { 'retry-after-ms': String(Math.ceil(waitMs)) } }),
          };
        }
        accepted += 1;
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        const ms = medianMs * Math.exp(sigma * normal);
        await clock.sleep(ms);
        busyMs += ms;
        return { text: 'yes', usage: { promptTokens: 10, completionTokens: 10 } };
      },
    },
    concurrency: slots,
    ...{ clock, random },
  });
  let left = calls;
  let endOfInputMs = 0;
  let busyAtEnd = 0;
  let acceptedAtEnd = 0;
  const record = async () => {
    while (left > 0) {
      left -= 1;
      if (left === 0) [endOfInputMs, busyAtEnd, acceptedAtEnd] = [clock.now(), busyMs, accepted];
      await model.complete({ messages: [{ role: 'user', content: 'Why?' }] });
    }
  };
  await run(Promise.all(Array.from({ length: slots }, record)));
  await model.close();
  assert.equal(accepted, calls);
  const bound = limiter.bound?.(endOfInputMs);
  return {
    ...{ bench: 'lone limits', name, perSecond, retryAfter: named, seconds: Math.round(endOfInputMs / 1000) },
    utilisation: busyAtEnd / (slots * endOfInputMs),
    ...(bound !== undefined && { shareOfLimit: Number((acceptedAtEnd / bound).toFixed(3)) }),
    share429: Number((refused / (refused + accepted)).toFixed(4)),
  };
}

for (const perSecond of [150, 600]) {
  const clean = await play({ name: 'no 429', perSecond, limiter: () => ({ refuses: () => undefined }), named: false });
  const show = async (played: Played) => {
    if (!played.name.includes(values.only)) return;
    const line = await play(played);
    console.log(
      JSON.stringify({
        ...line,
        utilisation: Number(line.utilisation.toFixed(4)),
        ofClean: Number((line.utilisation / clean.utilisation).toFixed(3)),
      }),
    );
  };
  for (const share of [0.002, 0.01]) {
    for (const named of [false, true]) {
      await show({ name: `lone 429s, ${share * 100} %`, perSecond, limiter: (random) => lone(share, random), named });
    }
  }
  for (const part of [0.95, 0.8, 0.5]) {
    for (const named of [false, true]) {
      await show({
        name: `a limit of ${part} of the pace`,
        perSecond,
        limiter: () => bucket(part * perSecond),
        named,
      });
    }
  }
  for (const named of [false, true]) {
    const halvesAtMs = (calls / perSecond) * 500;
    await show({ name: 'a limit that halves', perSecond, limiter: () => bucket(0.8 * perSecond, halvesAtMs), named });
  }
}
