import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { shardedFlags } from '../../../../src/cli/options/shards/shardedFlags.js';
import { shardOptions } from '../../../../src/cli/options/shards/shardOptions.js';
import { UsageError } from '../../../../src/errors.js';
import { workFolder } from '../../../support/workFolder.js';

const third = { index: 3, of: 4 };
const sharded = (flags: object, env = {}) => shardedFlags(shardOptions, flags, env) as Record<string, unknown>;

test('a shard writes its part into the folder, and waits for an owner on another host', (t) => {
  const output = path.join(workFolder(t), 'out');
  const flags = sharded({ shard: third, output });
  assert.equal(flags.output, path.join(output, 'part-00003-of-00004.jsonl'));
  assert.equal(flags.waitForOwner, 120);
  assert.equal(sharded({ shard: third, output, waitForOwner: 5 }).waitForOwner, 5);
  const auto = sharded({ shard: 'auto', shards: 8, output }, { JOB_COMPLETION_INDEX: '2' });
  assert.deepEqual(auto.shard, { index: 2, of: 8 });
});

test('a shard has its share of budgets and limits, unless they are not shared', (t) => {
  const given = { budgetUsd: 10, budgetTokens: 1003, requestsPerMinute: 100, tokensPerMinute: 9000, concurrency: 16 };
  const output = path.join(workFolder(t), 'out');
  const { budgetUsd, budgetTokens, requestsPerMinute, tokensPerMinute, concurrency } = sharded({
    ...{ ...given, shard: third, output },
  });
  assert.deepEqual(
    { budgetUsd, budgetTokens, requestsPerMinute, tokensPerMinute, concurrency },
    { budgetUsd: 2.5, budgetTokens: 250, requestsPerMinute: 25, tokensPerMinute: 2250, concurrency: 16 },
  );
  assert.equal(sharded({ ...given, shard: third, output, shareLimits: 'off' }).budgetUsd, 10);
  assert.equal(sharded({ ...given, shard: { index: 0, of: 1 }, output }).budgetUsd, 10);
  assert.throws(
    () => sharded({ requestsPerMinute: 3, shard: third, output }),
    /--requests-per-minute 3 cannot be shared by 4 shards/,
  );
});

test('flags that do not go with a shard are refused, and without one nothing changes', (t) => {
  const output = workFolder(t);
  const file = path.join(output, 'file');
  writeFileSync(file, '');
  for (const [flags, message] of [
    [{ shard: third }, /--shard needs -o FOLDER/],
    [{ shard: third, output: '-' }, /--shard needs -o FOLDER/],
    [{ shard: third, output: file }, /is a file, and with --shard -o names a folder/],
    [{ shard: third, output, rejects: 'r.jsonl' }, /--rejects names one file, and each shard writes its own/],
    [{ shard: third, output, limit: 3 }, /--limit counts records of the whole input/],
    [{ shard: third, output, shards: 5 }, /--shard 3\/4 and --shards 5 disagree/],
    [{ shards: 5, output }, /--shards needs --shard auto/],
    [{ shard: 'auto', output }, /--shard auto found no scheduler/],
  ] as const) {
    assert.throws(
      () => sharded(flags),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  }
  const flags = { output, limit: 3, budgetUsd: 1 };
  assert.equal(shardedFlags(shardOptions, flags, {}), flags);
  assert.equal(sharded({ shard: third, output, dryRun: true }).shard, undefined);
});
