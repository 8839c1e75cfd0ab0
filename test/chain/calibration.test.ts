import assert from 'node:assert/strict';
import test from 'node:test';
import { calibrateFile, negativeVerdicts, questionVerdicts } from '../../src/chain/calibrateFile.js';
import { type Calibration, calibration, type Estimated, type Labelled, wilson } from '../../src/chain/calibration.js';
import { seededRandom } from '../../src/util/random.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const rows = (tp: number, fp: number, tn: number, fn: number): Labelled[] => [
  ...Array(tp).fill({ human: true, judge: true }),
  ...Array(fp).fill({ human: false, judge: true }),
  ...Array(tn).fill({ human: false, judge: false }),
  ...Array(fn).fill({ human: true, judge: false }),
];

const close = (one: number | undefined, other: number) =>
  assert.ok(one !== undefined && Math.abs(one - other) < 5e-4, `${one}, not ${other}`);

test('the figures are those of textbooks', () => {
  // Wilson's interval of 8 in 10, and Cohen's kappa of Sim & Wright's (2005) table of 39 patients.
  const share = wilson(8, 10);
  close(share?.low, 0.4902);
  close(share?.high, 0.9433);
  const { kappa, tpr, tnr } = calibration(rows(22, 2, 11, 4), { positive: 24, total: 39 });
  close(kappa?.value, 2 / 3);
  close(tpr?.value, 22 / 26);
  close(tnr?.value, 11 / 13);
  // Rogan & Gladen: an apparent rate of 0.3 with a sensitivity of 0.9 and a specificity of 0.8 is a true rate of 1 in 7.
  close(calibration(rows(90, 20, 80, 10), { positive: 300, total: 1000 }).correctedRate?.value, 1 / 7);
});

test('figures that the rows do not give are absent', () => {
  const { tpr, tnr, kappa, correctedRate } = calibration(rows(0, 0, 5, 0), { positive: 0, total: 5 });
  assert.deepEqual([tpr, tnr?.value, kappa, correctedRate], [undefined, 1, undefined, undefined]);
  assert.equal(
    calibration(rows(1, 9, 1, 9), { positive: 5, total: 10 }).correctedRate,
    undefined,
    'a judge worse than chance',
  );
});

const judges: [tpr: number, tnr: number, rate: number][] = [
  [0.9, 0.9, 0.5],
  [0.8, 0.95, 0.2],
  [0.95, 0.7, 0.8],
];
for (const [tpr, tnr, rate] of judges) {
  test(`the intervals of a judge with TPR ${tpr}, TNR ${tnr} at a rate of ${rate} cover the truth in 95 of 100 seeds`, () => {
    const seeds = 400;
    const covered = { tpr: 0, tnr: 0, correctedRate: 0 };
    for (const seed of range(seeds)) {
      const random = seededRandom('calibration', seed, rate);
      const all = Array.from(range(1000), (): Labelled => {
        const human = random() < rate;
        return { human, judge: random() < (human ? tpr : 1 - tnr) };
      });
      const judged = { positive: all.filter(({ judge }) => judge).length, total: all.length };
      const made: Calibration = calibration(all.slice(0, 100), judged);
      const truth = { tpr, tnr, correctedRate: rate };
      for (const name of ['tpr', 'tnr', 'correctedRate'] as const) {
        const { low, high } = made[name] as Estimated;
        if (low <= truth[name] && truth[name] <= high) covered[name] += 1;
      }
    }
    // 95 % of 400 with a standard error of 1.1 %.
    for (const [name, times] of Object.entries(covered))
      assert.ok(times >= 0.928 * seeds, `${name}: ${times} of ${seeds}`);
  });
}

test('calibrateFile reads the labels of people that there are, and gives the records of disagreement', async (t) => {
  const verdict = (held: boolean) => ({ reason: 'r', verdict: held });
  const questions = writeRecords(workFolder(t), 'q.jsonl', [
    { n: 0, human: { noLeak: true }, judged: { noLeak: verdict(true), answerable: verdict(true) } },
    { n: 1, human: { noLeak: false, answerable: true }, judged: { noLeak: verdict(true), answerable: verdict(true) } },
    { n: 2, judged: { noLeak: verdict(false), answerable: verdict(true) } },
  ]);
  const seen: unknown[] = [];
  const verdicts = { human: questionVerdicts('human'), judge: questionVerdicts('judged') };
  const { criteria, disagreements } = await calibrateFile(questions, verdicts, ({ n }, names) => seen.push([n, names]));
  assert.deepEqual([disagreements, seen], [1, [[1, ['noLeak']]]]);
  const { truePositives, falsePositives, judgedRate } = criteria.noLeak as Calibration;
  assert.deepEqual([truePositives, falsePositives, judgedRate], [1, 1, 2 / 3]);

  const negatives = writeRecords(workFolder(t), 'n.jsonl', [
    {
      human: ['no', 'answers', 'partly', null],
      judged: ['no', 'partly', 'partly', 'answers'].map((one) => ({ verdict: one })),
    },
  ]);
  const made = await calibrateFile(negatives, { human: negativeVerdicts('human'), judge: negativeVerdicts('judged') });
  assert.deepEqual([made.criteria.answers?.falseNegatives, made.criteria.answersOrPartly?.truePositives], [1, 2]);
  assert.equal(made.criteria.answers?.judgedRate, 1 / 4);
});
