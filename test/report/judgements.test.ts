import assert from 'node:assert/strict';
import test from 'node:test';
import { Collector } from '../../src/report/collector.js';
import { readEntry } from '../../src/report/entry.js';
import { findings } from '../../src/report/findings.js';
import { defaultEntryKeys } from '../../src/report/options.js';
import { range } from '../support/sources.js';
import { madeRecord } from './madeRecord.js';

const judged = (i: number) => {
  const record = madeRecord(i);
  const verdicts = ['no', i < 5 ? 'answers' : 'no', i < 10 ? 'partly' : 'no'];
  return {
    ...record,
    question_judgement: { noLeak: { reason: 'r', verdict: i >= 4 }, answerable: { reason: 'r', verdict: true } },
    negatives_judgement: verdicts.map((verdict) => ({ verdict, reason: 'r', snippet: '', use: 'negative' })),
  };
};

test('a report counts the verdicts of judges', () => {
  const collector = new Collector({ ...defaultEntryKeys, sample: 5, seed: 1 } as ConstructorParameters<
    typeof Collector
  >[0]);
  for (const i of range(20)) collector.add(judged(i));
  const notes = findings(collector, undefined).filter(({ level }) => level === 'note');
  assert.deepEqual(
    notes.map(({ count, share, words }) => [count, share, words]),
    [
      [10, 10 / 60, 'of 60 judged negatives answer part of the question.'],
      [5, 5 / 60, 'of 60 judged negatives answer the question.'],
      [4, 4 / 20, 'of 20 judged questions fail noLeak.'],
    ],
  );
});

test('the negatives that a judge kept are shown with their own ranks and scores', () => {
  const record = madeRecord(3);
  const { _rareflow: made } = record;
  const [, second] = record.hard_negatives;
  const provenance = { ...made, judge_negatives: { kept: [1], shortfall: 1 } };
  const entry = readEntry({ ...record, hard_negatives: [second], _rareflow: provenance }, 1);
  assert.deepEqual(entry.negatives, [{ id: 'often', rank: 7, score: 4.25, text: second }]);
  assert.ok(entry.warnings.includes('fewNegatives'));
});
