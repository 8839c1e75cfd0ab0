import assert from 'node:assert/strict';
import test from 'node:test';
import { LearnedRate } from '../../../src/llm/limits/learnedRate.js';

/** A clock whose sleepers only move the time on: one caller at a time. */
function fakeClock() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

/** Sends calls at a pace for a time, as if all were admitted. */
function admit(rate: LearnedRate, clock: ReturnType<typeof fakeClock>, perSecond: number, seconds: number): void {
  for (let i = 0; i < perSecond * seconds; i++) {
    rate.sent();
    clock.pass(1000 / perSecond);
  }
}

/** Returns the calls a second that the rate lets through over some seconds. */
async function paceOf(rate: LearnedRate, clock: ReturnType<typeof fakeClock>, seconds: number): Promise<number> {
  const from = clock.now();
  let calls = 0;
  while (clock.now() < from + seconds * 1000) {
    await rate.take([]);
    rate.sent();
    calls += 1;
  }
  return calls / seconds;
}

function refused(rate: LearnedRate, isInForce = true): void {
  rate.sent();
  rate.limited(isInForce);
}

test('the calls admitted between two limits are the rate, and are paced just below it', async () => {
  const clock = fakeClock();
  const rate = new LearnedRate(clock);
  refused(rate);
  admit(rate, clock, 100, 10);
  assert.equal(rate.isPacing, false);
  refused(rate);
  assert.equal(rate.isPacing, true);
  const pace = await paceOf(rate, clock, 4);
  assert.ok(pace > 96 && pace < 101, String(pace));
});

test('the pace grows until the next limit, and ends after five minutes without one', async () => {
  const clock = fakeClock();
  const rate = new LearnedRate(clock);
  refused(rate);
  admit(rate, clock, 50, 4);
  refused(rate);
  await paceOf(rate, clock, 60);
  const later = await paceOf(rate, clock, 4);
  assert.ok(later > 70 && later < 100, String(later));
  clock.pass(300_000);
  assert.equal(rate.isPacing, false);
});

test('lone limits, few calls, a short time and an idle source teach no rate', () => {
  const cases: ((rate: LearnedRate, clock: ReturnType<typeof fakeClock>) => void)[] = [
    (rate, clock) => {
      for (let i = 0; i < 5; i++) {
        admit(rate, clock, 50, 4);
        refused(rate, false);
      }
    },
    (rate, clock) => {
      refused(rate);
      admit(rate, clock, 4, 4);
      refused(rate);
    },
    (rate, clock) => {
      refused(rate);
      admit(rate, clock, 50, 1);
      refused(rate);
    },
    (rate, clock) => {
      refused(rate);
      admit(rate, clock, 50, 4);
      clock.pass(60_000);
      refused(rate);
    },
  ];
  for (const play of cases) {
    const clock = fakeClock();
    const rate = new LearnedRate(clock);
    play(rate, clock);
    assert.equal(rate.isPacing, false, String(play));
  }
});

test('one measurement at most halves the pace', async () => {
  const clock = fakeClock();
  const rate = new LearnedRate(clock);
  refused(rate);
  admit(rate, clock, 100, 4);
  refused(rate);
  admit(rate, clock, 10, 4);
  refused(rate);
  const pace = await paceOf(rate, clock, 2);
  assert.ok(pace > 48 && pace < 55, String(pace));
});
