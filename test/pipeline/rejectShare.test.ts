import assert from 'node:assert/strict';
import test from 'node:test';
import { ExitCode, RejectError } from '../../src/errors.js';
import { operator } from '../../src/flow/operator.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { RejectShareError } from '../../src/pipeline/rejectShare.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import type { DataRecord } from '../../src/record.js';
import { messageKind } from '../../src/util/messageKind.js';

const numbered = (count: number) => Array.from({ length: count }, (_, n): DataRecord => ({ n }));

/** Runs records through a stage that rejects those for which `reason` returns one. */
function runWith(count: number, reason: (n: number) => string | undefined, maxRejectShare?: number) {
  let taken = 0;
  const stage = recordOperator(
    { stage: 'ask', inputs: [], outputs: [] },
    { ordered: true, concurrency: 8 },
    async ({ n }) => {
      taken += 1;
      // The first record is the last to end, and all others wait behind it.
      await new Promise((resolve) => (n === 0 ? setTimeout(resolve, 20) : setImmediate(resolve)));
      const problem = reason(n as number);
      if (problem !== undefined) throw new RejectError(problem);
      return [{ fields: {}, provenance: {} }];
    },
  );
  const end = runPipeline({
    source: numbered(count),
    stages: [{ name: 'ask', operator: stage }],
    rejects: () => {},
    maxRejectShare,
  });
  return { end, taken: () => taken };
}

test('over half of the last 200 records rejected alike stops the run at any time, resumably', async () => {
  const { end, taken } = runWith(3000, (n) =>
    n >= 1000 ? `refused: request ${n} of "x${n}" has no budget` : undefined,
  );
  await assert.rejects(end, (error) => {
    assert.ok(error instanceof RejectShareError, String(error));
    assert.match(
      error.message,
      /^ask rejected 101 of the last 200 records for the same reason: refused: request 1\d\d\d/,
    );
    assert.equal(error.exitCode, ExitCode.stoppedResumable);
    return true;
  });
  assert.ok(taken() < 1200, `${taken()} records`);
});

test('under half of the records rejected alike, or most for different reasons, do not stop a run, and neither does a share of 1', async () => {
  assert.equal((await runWith(1000, (n) => (n % 20 < 9 ? 'no' : undefined)).end).rejected, 450);
  const words = ['too long', 'too short', 'unsafe'];
  assert.equal((await runWith(900, (n) => words[n % 4]).end).rejected, 675);
  const { rejected, rejectedAlike } = await runWith(900, (n) => (n > 0 ? 'no' : undefined), 1).end;
  assert.deepEqual([rejected, rejectedAlike], [899, undefined]);
});

test('a lower share stops earlier', async () => {
  const { end } = runWith(3000, (n) => (n % 4 === 0 ? 'no' : undefined), 0.2);
  await assert.rejects(end, RejectShareError);
});

test('records that wait for their order behind a slow one count as finished', async () => {
  const end = await runWith(500, (n) => (n % 3 === 2 ? 'no' : undefined)).end;
  assert.equal(end.rejected, 166);
  assert.equal(end.rejectedAlike, undefined);
});

test('a run too short for a full window says at its end that most of it was rejected alike', async () => {
  const most = await runWith(40, (n) => (n % 4 === 0 ? undefined : `no room for ${n}`)).end;
  assert.match(most.rejectedAlike ?? '', /^30 of 40 records were rejected for the same reason: no room for \d+$/);
  assert.equal((await runWith(80, (n) => (n % 4 === 0 ? 'no' : undefined)).end).rejectedAlike, undefined);
});

test('an operator that does not report its work is watched by what it passes on', async () => {
  const rejecting = (share: number) =>
    operator<DataRecord, DataRecord>(async function* (source, { rejects }) {
      for await (const record of source) {
        if ((record.n as number) % 10 < share * 10) await rejects({ stage: 'filter', reason: 'no', record });
        else yield record;
      }
    });
  const run = (share: number) =>
    runPipeline({
      source: numbered(1000),
      stages: [{ name: 'filter', operator: rejecting(share) }],
      rejects: () => {},
    });
  assert.equal((await run(0.4)).rejected, 400);
  await assert.rejects(run(0.6), RejectShareError);
});

const kinds: [string, string][] = [
  ['402 from h:8080: Current cost: 10.012, Max: 10', '402 from h:8081: Current cost: 11.5, Max: 10'],
  ['request req_8f3a-2 was refused', 'request req_99-a1 was refused'],
  ["the model 'qwen' is gone", "the model 'llama' is gone"],
  ['no room for “x”', 'no room for “a longer text”'],
];
for (const [one, other] of kinds) {
  test(`"${one}" and "${other}" are messages of one kind`, () => assert.equal(messageKind(one), messageKind(other)));
}

test('messages in other words are of another kind, and the time is linear in their length', () => {
  assert.notEqual(messageKind('too long'), messageKind('too short'));
  assert.ok(messageKind('"'.repeat(1_000_000)).length <= 120);
  assert.ok(messageKind('1,'.repeat(1_000_000)).length <= 120);
});
