import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { InputError, RejectError, UsageError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { filesBeside } from '../../src/io/write/filesBeside.js';
import { writeForm } from '../../src/io/write/writeForm.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import { mergeShards } from '../../src/shards/mergeShards.js';
import { planShard, readShard } from '../../src/shards/planShards.js';
import { ShardedView } from '../../src/shards/shardedView.js';
import { joinShards } from '../../src/shards/shardFolder.js';
import { partPath, type ShardNumber } from '../../src/shards/shardName.js';
import { shardStatus } from '../../src/shards/shardStatus.js';
import { type FolderEnd, workFolder } from '../support/workFolder.js';

/** Marks records, and rejects every fifth. */
const stages = () => [
  {
    name: 'mark',
    operator: recordOperator(
      { stage: 'mark', inputs: [textInput('id', 'idKey')], outputs: ['marked'] },
      { concurrency: 4, provenance: false },
      async ({ id }) => {
        if (Number(id) % 5 === 3) throw new RejectError('its id is bad');
        return [{ fields: { marked: true }, provenance: {} }];
      },
    ),
  },
];

const totals = (attempts: number) => ({
  attempts,
  promptTokens: 10 * attempts,
  completionTokens: 1,
  unpricedTokens: 0,
});

/** Runs a whole input, or one shard of it, to an output as the command does. */
async function run(input: string, output: string, shard?: ShardNumber, more: object = {}): Promise<void> {
  const settings = { seed: 0, ...more, ...(shard && { shard: { ...shard, split: 1 } }) };
  if (shard) joinShards(path.dirname(output), shard, { settings, readSettings: (stored) => stored });
  await using store = new RunStore(filesBeside(output).folder);
  const part = shard && (await planShard(input, shard));
  await runPipeline({
    source: (context) => (part ? readShard(part, context) : readRecords(input, context)),
    stages: stages(),
    checkpoint: {
      ...{ store, settings, mayBeEmpty: shard !== undefined, figures: () => figures },
      output: durableJsonl(output),
      rejects: durableJsonl(filesBeside(output).rejects, { partial: false }),
    },
  });
}
const figures = { total: totals(7), byStage: { mark: totals(7) } };

/** An input of records and a bad line, and functions that run it whole, to `one`, and each of its shards. */
async function shardedRun(t: FolderEnd, of = 3, count = 40) {
  const work = workFolder(t);
  const input = path.join(work, 'in.jsonl');
  const lines = Array.from({ length: count }, (_, id) =>
    JSON.stringify({ id: String(id), text: 'a b c '.repeat(id % 7) }),
  );
  writeFileSync(input, `${[...lines.slice(0, 30), 'not JSON', ...lines.slice(30)].join('\n')}\n`);
  const one = path.join(work, 'one.jsonl');
  const whole = () => run(input, one);
  const folder = path.join(work, 'out');
  const shard = (index: number, more?: object) => run(input, partPath(folder, { index, of }), { index, of }, more);
  return { work, input, one, whole, folder, shard, of, all: path.join(work, 'all.jsonl') };
}

/** A run whose three shards are finished, made once: tests work on copies. */
let finished: Awaited<ReturnType<typeof shardedRun>>;
const ends: (() => void)[] = [];
before(async () => {
  finished = await shardedRun({ after: (end) => ends.push(end) });
  await finished.whole();
  for (const index of [2, 0, 1]) await finished.shard(index);
});
after(() => {
  for (const end of ends) end();
});

function finishedRun(t: TestContext) {
  const work = workFolder(t);
  const folder = path.join(work, 'out');
  cpSync(finished.folder, folder, { recursive: true });
  return { work, one: finished.one, folder, all: path.join(work, 'all.jsonl') };
}

const text = (file: string) => readFileSync(file, 'utf8');

test('merged shards are the output, the rejects and the counts of one process', async (t) => {
  const { one, folder, all } = finishedRun(t);
  const summary = await mergeShards(folder, all);
  assert.equal(text(all), text(one));
  assert.equal(text(filesBeside(all).rejects), text(filesBeside(one).rejects));
  assert.match(text(filesBeside(all).rejects), /"line":31,.*"place":24/);
  const { in: read, out, rejected, usage, shards, settings } = JSON.parse(text(filesBeside(all).summary));
  assert.deepEqual(
    { read, out, rejected, shards, settings },
    {
      ...{ read: 41, out: 32, rejected: 9, shards: 3 },
      settings: { seed: 0, shard: { of: 3, split: 1 } },
    },
  );
  assert.equal(usage.total.attempts, 21);
  assert.equal(usage.byStage.mark.promptTokens, 210);
  assert.equal(summary.out, 32);
  assert.equal((await mergeShards(folder, all)).out, 32);
});

test('more shards than records are done shards, and merge', async (t) => {
  const { one, whole, folder, shard, all, of } = await shardedRun(t, 7, 3);
  await whole();
  for (let index = 0; index < of; index++) await shard(index);
  const empty = (await shardStatus(folder)).filter(({ in: read }) => read === 0);
  assert.ok(empty.length > 0 && empty.every(({ state }) => state === 'done'));
  // An empty shard that is started again has nothing to do.
  await shard(empty[0]?.index as number);
  await mergeShards(folder, all);
  assert.equal(text(all), text(one));
});

test('a merge names the shards that are missing, damaged or of other settings, and writes nothing', async (t) => {
  const { folder, shard, all } = await shardedRun(t);
  await shard(0);
  await assert.rejects(mergeShards(folder, all), (error: Error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /2 of 3 shards are not done: 1 is missing, 2 is missing$/);
    return true;
  });
  await assert.rejects(shard(1, { seed: 1 }), /the shards in .* have other settings: seed 0 → 1/);
  rmSync(partPath(folder, { index: 0, of: 3 }));
  assert.deepEqual(
    (await shardStatus(folder)).map(({ state }) => state),
    ['damaged', 'missing', 'missing'],
  );
  assert.equal(existsSync(all), false);
});

test('shards of other settings are not merged', async (t) => {
  const { folder, shard, all } = await shardedRun(t);
  for (const index of [0, 1]) await shard(index);
  rmSync(path.join(folder, '.shards.json'));
  await shard(2, { seed: 7 });
  await assert.rejects(mergeShards(folder, all), /other settings than shard 0: 2 \(seed 0 → 7\)/);
});

test("a merge that was killed is continued after the shards that are whole, and a stranger's file is kept", async (t) => {
  const { one, folder, all } = finishedRun(t);
  await mergeShards(folder, all);
  const { size } = statSync(all);
  for (const left of [0, 1, Math.floor(size / 2), size]) {
    writeFileSync(`${all}.partial`, text(one));
    truncateSync(`${all}.partial`, left);
    rmSync(all);
    await mergeShards(folder, all);
    assert.equal(text(all), text(one), `${left} bytes`);
  }
  const other = path.join(path.dirname(all), 'other.jsonl');
  writeFileSync(`${other}.partial`, 'mine');
  await assert.rejects(mergeShards(folder, other), /exists, and is not of this merge/);
  assert.equal(text(`${other}.partial`), 'mine');
  const part = partPath(folder, { index: 1, of: 3 });
  writeFileSync(part, text(part).replace('true', 'null'));
  await assert.rejects(mergeShards(folder, path.join(path.dirname(all), 'third.jsonl')), /has changed since its shard/);
});

test('shards are merged in the form that the name asks for, as the output of one process is written', async (t) => {
  const { work, one, folder } = finishedRun(t);
  for (const form of ['json', 'csv', 'parquet', 'JSONL.gz', 'tsv.zst']) {
    const all = path.join(work, `all.${form}`);
    const expected = path.join(work, `expected.${form}`);
    await writeForm(one, expected);
    // A merge that was killed leaves a part of the output, which the next one replaces.
    await assert.rejects(mergeShards(folder, all, { signal: AbortSignal.abort(new Error('stopped')) }), /stopped/);
    writeFileSync(`${all}.partial`, 'a part');
    await mergeShards(folder, all);
    assert.deepEqual(readFileSync(all), readFileSync(expected), form);
    assert.equal(text(filesBeside(all).rejects), text(filesBeside(one).rejects));
    assert.equal(JSON.parse(text(filesBeside(all).summary)).out, 32);
    const { mtimeMs } = statSync(all);
    await mergeShards(folder, all);
    assert.equal(statSync(all).mtimeMs, mtimeMs, 'a merge that is done has nothing to do');
    writeFileSync(all, 'mine');
    await assert.rejects(mergeShards(folder, all), /exists, and is not what these shards hold/);
  }
  await assert.rejects(mergeShards(folder, path.join(work, 'all.xlsx')), /records are not written as \.xlsx/);
  const part = partPath(folder, { index: 1, of: 3 });
  writeFileSync(part, text(part).replace('true', 'null'));
  await assert.rejects(mergeShards(folder, path.join(work, 'late.parquet')), /has changed since its shard/);
  assert.equal(existsSync(path.join(work, 'late.parquet')), false);
});

test('shards without any record are not merged, as one process would end in an error', async (t) => {
  const work = workFolder(t);
  const input = path.join(work, 'in.jsonl');
  writeFileSync(input, 'not JSON\n'.repeat(4));
  const folder = path.join(work, 'out');
  for (const index of [0, 1]) await run(input, partPath(folder, { index, of: 2 }), { index, of: 2 });
  await assert.rejects(mergeShards(folder, path.join(work, 'all.jsonl')), (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /none of the 2 shards has a record \(4 rejects\)/);
    return true;
  });
});

test('a folder of shards is viewed as one file in their order', async (t) => {
  const { folder, shard } = await shardedRun(t);
  await shard(0);
  await shard(2);
  const view = await ShardedView.open(folder);
  await view.follow();
  const before = view.state;
  await shard(1);
  await view.follow();
  assert.ok(view.state.records > before.records && view.state.generation > before.generation);
  const seen: unknown[] = [];
  for await (const line of view.lines(0)) seen.push('value' in line && line.value);
  const expected = text(finished.one)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(seen, expected);
  const some: unknown[] = [];
  for await (const line of view.lines(9, 12)) some.push('value' in line && line.value);
  assert.deepEqual(some, expected.slice(9, 21));
  await view.close();
});

test('a folder without shards and one with those of several splits are refused', async (t) => {
  const { folder, shard, work } = await shardedRun(t);
  await assert.rejects(shardStatus(work), /holds no shards/);
  await shard(0);
  writeFileSync(path.join(folder, 'part-00000-of-00009.jsonl'), '');
  await assert.rejects(shardStatus(folder), /shards of several splits: of 3 and of 9/);
});
