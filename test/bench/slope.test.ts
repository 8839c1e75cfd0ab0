import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousParts } from '../../bench/support/processMemory.js';
import { grouped, robustSlope } from '../../bench/support/slope.js';
import { seededRandom } from '../../src/util/random.js';

test('The slope is that of the line, even if a quarter of the points are elsewhere', () => {
  const points = Array.from({ length: 80 }, (_, x) => ({ x, y: x % 4 === 1 ? 1000 : 5 + 2 * x }));
  const { slope, low, high } = robustSlope(points);
  assert.ok(Math.abs(slope - 2) < 0.2, `${slope}`);
  assert.ok(low <= slope && slope <= high);
});

test('The interval holds the true slope of nearly all noisy lines, even if neighbouring samples are alike', () => {
  let held = 0;
  for (let line = 0; line < 100; line++) {
    const random = seededRandom('noisy line', line);
    let noise = 0;
    const points = Array.from({ length: 360 }, (_, x) => {
      noise = 0.8 * noise + random() - 0.5;
      return { x, y: 3 + 0.01 * x + noise };
    });
    const { low, high } = robustSlope(points);
    if (low <= 0.01 && 0.01 <= high) held += 1;
  }
  assert.ok(held >= 88 && held < 100, `${held} of 100`);
});

test('Points are grouped with their neighbours', () => {
  const points = [10, 20, 90, 30, 50].map((y, x) => ({ x, y }));
  assert.deepEqual(grouped(points, 2), [
    { x: 1, y: 20 },
    { x: 3.5, y: 40 },
  ]);
});

test('Memory of malloc is counted apart from that of files and of V8', () => {
  const mapping = (head: string, anonymous: number, huge = 0) =>
    `${head}\nSize:  999 kB\nRss:  900 kB\nAnonymous:  ${anonymous} kB\nAnonHugePages:  ${huge} kB\n`;
  const smaps = [
    mapping('55d000000000-55d000100000 rw-p 00000000 00:00 0                          [heap]', 1024),
    mapping('7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ', 2048),
    mapping('7f0004100000-7f0004200000 rw-p 00000000 00:00 0 ', 4096, 2048),
    mapping('7f0008000000-7f0009000000 rw-s 00000000 fe:00 77                         /tmp/data.mdb', 512),
  ].join('');
  assert.deepEqual(anonymousParts(smaps), { mallocMain: 1, mallocThreads: 2, hugePages: 2 });
});
