import assert from 'node:assert/strict';
import test from 'node:test';
import { parseShard, partName, shardOfEnvironment, shardOfName } from '../../src/shards/shardName.js';

test('a shard is read as k/N with 0 <= k < N', () => {
  assert.deepEqual(parseShard('0/1'), { index: 0, of: 1 });
  assert.deepEqual(parseShard('15/16'), { index: 15, of: 16 });
  for (const wrong of ['16/16', '-1/4', '1', '1/0', '1.5/4', '1/4/2', 'auto', '0/100000'])
    assert.equal(parseShard(wrong), undefined, wrong);
});

test('the name of a part says its shard, and sorts in the order of the shards', () => {
  assert.equal(partName({ index: 3, of: 16 }), 'part-00003-of-00016.jsonl');
  assert.deepEqual(shardOfName('part-00003-of-00016.rejects.jsonl'), { index: 3, of: 16 });
  assert.equal(shardOfName('parts.jsonl'), undefined);
});

test('a shard is found in the variables of Slurm, Kubernetes and AWS Batch', () => {
  const slurm = { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '16', SLURM_ARRAY_TASK_MIN: '0' };
  for (const [env, of, expected] of [
    [slurm, undefined, { index: 3, of: 16 }],
    [{ ...slurm, SLURM_ARRAY_TASK_MIN: '1' }, undefined, { index: 2, of: 16 }],
    [{ ...slurm, SLURM_ARRAY_TASK_COUNT: '1' }, 16, { index: 3, of: 16 }],
    [{ ...slurm, SLURM_ARRAY_TASK_MIN: '1' }, 16, { index: 2, of: 16 }],
    [{ JOB_COMPLETION_INDEX: '0' }, 4, { index: 0, of: 4 }],
    [{ AWS_BATCH_JOB_ARRAY_INDEX: '9' }, 10, { index: 9, of: 10 }],
    [{ SLURM_ARRAY_TASK_ID: '', JOB_COMPLETION_INDEX: '1' }, 4, { index: 1, of: 4 }],
  ] as const) {
    assert.deepEqual(shardOfEnvironment(env, of), expected);
  }
});

test('if only some tasks of a Slurm array are submitted, the number of a task is its shard, and a message says so', () => {
  const some = { SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '3' };
  const said: string[] = [];
  for (const task of [3, 7]) {
    const env = { ...some, SLURM_ARRAY_TASK_ID: String(task) };
    assert.deepEqual(
      shardOfEnvironment(env, 16, (notice) => said.push(notice)),
      { index: task, of: 16 },
    );
  }
  const notice = 'SLURM_ARRAY_TASK_COUNT is 2, so the number of the task is its shard, from 0';
  assert.deepEqual(said, [notice, notice]);
  assert.throws(() => shardOfEnvironment({ ...some, SLURM_ARRAY_TASK_ID: '16' }, 16), {
    message: `SLURM_ARRAY_TASK_ID is 16, which is not one of 16 shards: ${notice}`,
    hint: 'number the tasks from 0 to 15, or pass --shard k/16',
  });
});

test('a shard that cannot be found in the environment is refused, with the variables that were looked for', () => {
  const slurm = { SLURM_ARRAY_TASK_ID: '16', SLURM_ARRAY_TASK_COUNT: '16' };
  for (const [env, of, expected] of [
    [{}, undefined, /none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX is set/],
    [{ JOB_COMPLETION_INDEX: '1' }, undefined, /JOB_COMPLETION_INDEX is 1, but Kubernetes does not say how many/],
    [slurm, undefined, /SLURM_ARRAY_TASK_ID is 16, which is not one of 16 shards/],
    [{ JOB_COMPLETION_INDEX: 'x' }, 4, /JOB_COMPLETION_INDEX is x, which is not one of 4 shards/],
  ] as const) {
    assert.throws(() => shardOfEnvironment(env, of), expected);
  }
});
