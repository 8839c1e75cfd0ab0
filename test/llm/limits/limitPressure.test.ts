import assert from 'node:assert/strict';
import test from 'node:test';
import { LimitPressure } from '../../../src/llm/limits/limitPressure.js';

function pressure() {
  let nowMs = 0;
  const made = new LimitPressure({ now: () => nowMs, sleep: async () => {} });
  return {
    made,
    pass: (ms: number) => {
      nowMs += ms;
    },
    answered: (count: number) => {
      for (let i = 0; i < count; i++) made.answered();
    },
  };
}

test('a limit in some dozens of answers is a lone one, however often it comes', () => {
  const { made, answered } = pressure();
  answered(200);
  for (let i = 0; i < 200; i++) {
    assert.equal(made.limited(), true);
    answered(49);
  }
  assert.equal(made.isInForce, false);
});

test('seven limits in twenty answers are a limit in force, which is remembered for five minutes', () => {
  const { made, answered, pass } = pressure();
  answered(200);
  const lone = Array.from({ length: 8 }, () => {
    answered(1);
    return made.limited();
  });
  assert.deepEqual(lone, [true, true, true, true, true, true, false, false]);
  answered(400);
  pass(299_000);
  assert.equal(made.limited(), false);
  pass(2000);
  assert.equal(made.isInForce, false);
  answered(200);
  assert.equal(made.limited(), true);
});

test('a limit for more than one in ten of the last 200 answers is in force', () => {
  const { made, answered } = pressure();
  answered(200);
  let lone = 0;
  while (made.limited()) {
    lone += 1;
    answered(7);
  }
  assert.equal(lone, 20);
  assert.equal(made.isInForce, true);
});
