import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { retryRejects } from '../../../src/chain/retryRejects.js';
import { operator } from '../../../src/flow/operator.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { durableJsonl } from '../../../src/io/write/durableJsonl.js';
import { filterDocuments } from '../../../src/operators/filterDocuments/filterDocuments.js';
import { recordOperator } from '../../../src/operators/recordOperator.js';
import { runPipeline } from '../../../src/pipeline/runPipeline.js';
import { RunStore } from '../../../src/pipeline/state/runStore.js';
import type { DataRecord } from '../../../src/record.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const filter = { name: 'filter_documents', operator: filterDocuments({ minWords: 3 }), recalls: true };
const slow = {
  name: 'slow',
  operator: recordOperator(
    { stage: 'slow', inputs: [], outputs: [] },
    { concurrency: 8, ordered: false, provenance: false },
    async ({ n }) => {
      await sleep(Number(n) % 7);
      return [{ fields: { slow: true }, provenance: {} }];
    },
  ),
};

/** Texts of which every third repeats an earlier one, at all distances, and every tenth is too short. */
const records = Array.from(range(120), (n) => ({
  n,
  text:
    n % 10 === 9
      ? 'short'
      : `the text about number ${n % 3 === 2 ? ['two', 'ten', 'six'][n % 4] : `${n} and no other`}`,
}));

/** Runs until `stopAfter` records have come out, or to the end. */
async function session(folder: string, stopAfter = Number.POSITIVE_INFINITY) {
  const stop = new AbortController();
  let came = 0;
  const counted = operator<DataRecord, DataRecord>(async function* (source) {
    for await (const record of source) {
      if (++came === stopAfter) stop.abort(new Error('stopped'));
      yield record;
    }
  });
  const output = path.join(folder, 'out.jsonl');
  const rejects = path.join(folder, 'out.rejects.jsonl');
  await using store = new RunStore(path.join(folder, 'run'));
  const files = { output: durableJsonl(output), rejects: durableJsonl(rejects, { partial: false }) };
  const run = runPipeline({
    source: (context) => readRecords(path.join(folder, 'in.jsonl'), context),
    stages: [filter, slow, { name: 'counted', operator: counted }],
    stop: stop.signal,
    checkpoint: { store, settings: {}, ...files, ordered: false, everyItems: 1 },
  });
  if (stopAfter < Number.POSITIVE_INFINITY) {
    await assert.rejects(run, /stopped/);
    return undefined;
  }
  await run;
  const lines = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const numbers = lines(output).map(({ n }) => n as number);
  const retried = await retryRejects({ folder, store, output, rejects, stages: [filter, slow] });
  const reasons = lines(rejects).map(({ reason, record }) => `${record.n}: ${reason}`);
  return { kept: numbers.sort((a, b) => a - b), reasons: reasons.sort(), retried };
}

test('a run that is stopped and resumed keeps and rejects the same documents as one that is not', async (t) => {
  const [whole, parts] = [workFolder(t), workFolder(t)];
  for (const folder of [whole, parts]) writeRecords(folder, 'in.jsonl', records);
  const expected = await session(whole);
  for (const stopAfter of [5, 20, 30]) await session(parts, stopAfter);
  const made = await session(parts);
  assert.deepEqual(made, expected);
  assert.ok(made && made.reasons.length > 30 && made.kept.length > 60);
  assert.equal(made.retried.retried, 12, 'only documents that are too short can be retried, not duplicates');
});

test('a stage that compares records must be the first', async () => {
  const run = runPipeline({ source: [{ text: 'a' }], stages: [slow, filter] });
  await assert.rejects(run, /filter_documents compares the records of the input, so it must be the first stage/);
});
