import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../src/errors.js';
import { dollars, femtoDollars, nanoDollars } from '../../../src/llm/cost/dollars.js';
import { costOf, type Prices, priceOf } from '../../../src/llm/cost/prices.js';

const prices: Prices = {
  asOf: '2026-05-31',
  models: {
    'gpt-4o': { input: 2.5, output: '10' },
    'gpt-4o-mini': { input: '0.15', cachedInput: '0.075', output: '0.60' },
    'gpt-4o-2024-05-13': { input: 5, output: 15 },
    tiny: { input: '0.000000001', output: '0' },
  },
};
const inputOf = (model: string) => priceOf(prices, model)?.input;

test('an amount of dollars is read and written to the last digit', () => {
  assert.equal(nanoDollars(0.15), 150_000_000n);
  assert.equal(nanoDollars('12'), 12_000_000_000n);
  assert.equal(nanoDollars('0.000000001'), 1n);
  for (const wrong of ['', '-1', '1,5', '1e3', '.5', ' 1', '0.0000000001', Number.NaN, 1e-7, -1, 1e21]) {
    assert.equal(nanoDollars(wrong), undefined, String(wrong));
  }
  for (const amount of ['0', '1', '100', '0.1', '10.000000001', '123456789.5'])
    assert.equal(dollars(femtoDollars(amount) as bigint), amount);
  assert.equal(dollars(1n), '0.000000000000001');
  fc.assert(
    fc.property(fc.nat(), fc.nat(999_999_999), (whole, decimals) => {
      const text = `${whole}.${String(decimals).padStart(9, '0')}`;
      assert.equal(Number(dollars(femtoDollars(text) as bigint)), Number(text));
    }),
  );
});

test('a cost is exact for a million million tokens, and for one of the cheapest', () => {
  const usage = { promptTokens: 1e12, completionTokens: 1e12, cachedTokens: 1 };
  const cost = costOf(priceOf(prices, 'gpt-4o-mini') as never, usage);
  assert.equal(dollars(cost), '749999.999999925');
  assert.equal(
    dollars(costOf(priceOf(prices, 'tiny') as never, { promptTokens: 1, completionTokens: 9 })),
    '0.000000000000001',
  );
});

test('cached tokens are part of the prompt, and cost as much as others if no price says less', () => {
  const usage = { promptTokens: 1000, completionTokens: 0, cachedTokens: 400 };
  assert.equal(dollars(costOf(priceOf(prices, 'gpt-4o-mini') as never, usage)), '0.00012');
  assert.equal(dollars(costOf(priceOf(prices, 'gpt-4o') as never, usage)), '0.0025');
});

test('a price is found by the exact name or by the name without its date, not by a similar name', () => {
  assert.equal(inputOf('gpt-4o'), 2_500_000_000n);
  assert.equal(inputOf('gpt-4o-2024-05-13'), 5_000_000_000n);
  assert.equal(inputOf('gpt-4o-2024-08-06'), 2_500_000_000n);
  for (const date of ['-2024-07-18', '-20240718', '@20240718', '-0718', '-latest']) {
    assert.equal(inputOf(`gpt-4o-mini${date}`), 150_000_000n, date);
  }
  for (const other of ['gpt-4o-audio', 'gpt-4', 'gpt-4o-minimal', 'GPT-4o', 'gpt-4o-32', 'constructor', 'toString']) {
    assert.equal(inputOf(other), undefined, other);
  }
});

const model = { input: 1, output: 2 };
const wrong: [unknown, RegExp][] = [
  [null, /^prices must be an object, got null/],
  [[], /^prices must be an object, got a list/],
  [{ models: {} }, /^prices\.asOf must be the day/],
  [{ asOf: 'May', models: {} }, /^prices\.asOf must be the day/],
  [{ asOf: '2026-02-30', models: {} }, /^prices\.asOf must be the day/],
  [{ asOf: '2026-05-31' }, /^prices\.models must be an object of prices by model name/],
  [{ asOf: '2026-05-31', model: {}, models: {} }, /^no key of prices is named "model"/],
  [{ asOf: '2026-05-31', models: { m: { input: 1 } } }, /^prices\.models\.m\.output must be dollars/],
  [
    { asOf: '2026-05-31', models: { m: { ...model, input: '$1' } } },
    /^prices\.models\.m\.input must be dollars .*got the string "\$1"/,
  ],
  [
    { asOf: '2026-05-31', models: { m: { ...model, output: -1 } } },
    /^prices\.models\.m\.output must be dollars .*got -1/,
  ],
  [{ asOf: '2026-05-31', models: { m: { ...model, cached: 1 } } }, /^no key of prices\.models\.m is named "cached"/],
];
for (const [given, message] of wrong) {
  test(`the prices ${JSON.stringify(given)} are refused by the name of the key`, () => {
    assert.throws(
      () => priceOf(given as Prices, 'm'),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
