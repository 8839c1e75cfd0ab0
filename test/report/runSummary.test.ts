import assert from 'node:assert/strict';
import test from 'node:test';
import { readRunSummary, runSummary } from '../../src/report/runSummary.js';

const stage = { name: 'doc2query', taken: 3, extra: 0, given: 2, rejected: 1, workSeconds: 4 };
const counts = { in: 3, extra: 0, out: 2, rejected: 1, pending: 0, stages: [stage], seconds: 5 };

test('a summary that was written is read as it was', () => {
  const summary = runSummary(counts, { state: 'done', output: 'out.jsonl', sessions: 2 });
  const read = readRunSummary(JSON.parse(JSON.stringify(summary)));
  const { rareflow, state, in: records, sessions, seconds, stages } = summary;
  assert.deepEqual(
    { ...read, usage: undefined },
    {
      rareflow,
      state,
      in: records,
      extra: 0,
      out: 2,
      rejected: 1,
      pending: 0,
      sessions,
      seconds,
      stages,
      usage: undefined,
    },
  );
});

test('values of another type than expected count as absent', () => {
  assert.equal(readRunSummary([]), undefined);
  const read = readRunSummary({
    in: '3',
    out: -1,
    stages: [stage, { name: 4 }],
    usage: { byStage: { a: { costUsd: 1 } } },
  });
  assert.deepEqual(read, { stages: [stage], usage: { byStage: { a: { costUsd: '1' } } } });
});
