// Question: what does an operator, or a concurrent map, cost per item compared to a bare async generator?
// Fair because: all consume the same source with the same for await and do the same work; rounds alternate, medians are
// compared, and every round's sum is checked. Items are numbers, so nothing hides the cost per item.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { from } from 'ix/asynciterable';
import { map } from 'ix/asynciterable/operators';
import { mapConcurrent } from '../src/flow/mapConcurrent.js';
import { operator } from '../src/flow/operator.js';

const items = Number(process.argv[2] ?? 300_000);
const rounds = 9;

async function* source(): AsyncGenerator<number> {
  for (let item = 0; item < items; item++) yield item;
}

async function* bare(input: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const item of input) yield item + 1;
}

const asOperator = operator(bare);

const contestants: Record<string, () => AsyncIterable<number>> = {
  'bare async generator': () => bare(source()),
  operator: () => asOperator(source()),
  'mapConcurrent, ordered, 16 at once': () => mapConcurrent(source(), (item) => item + 1),
  'mapConcurrent, unordered, 16 at once': () => mapConcurrent(source(), (item) => item + 1, { ordered: false }),
  'ix map': () => from(source()).pipe(map((item: number) => item + 1)),
};

async function nanosecondsPerItem(stream: AsyncIterable<number>): Promise<number> {
  const startedMs = performance.now();
  let sum = 0;
  for await (const item of stream) sum += item;
  assert.equal(sum, (items * (items + 1)) / 2);
  return ((performance.now() - startedMs) * 1e6) / items;
}

const measured = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
  for (const [name, make] of Object.entries(contestants)) {
    await sleep(1);
    const cost = await nanosecondsPerItem(make());
    if (round > 0) measured.get(name)?.push(cost);
  }
}

const bareCosts = measured.get('bare async generator') as number[];
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
for (const [contestant, costs] of measured) {
  const ratio = median(costs.map((cost, round) => cost / (bareCosts[round] as number)));
  console.log(
    JSON.stringify({
      bench: 'flow',
      contestant,
      items,
      nsPerItem: Math.round(median(costs)),
      ratioToBare: Number(ratio.toFixed(2)),
    }),
  );
}
