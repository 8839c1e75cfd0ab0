import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { ChatRequest } from '../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { offlineModel } from '../../src/llm/offline/offlineModel.js';
import { openaiModel } from '../../src/llm/openai/openaiModel.js';
import { callId } from '../../src/queue/callId.js';
import { type CallQueueOptions, callQueue } from '../../src/queue/callQueue.js';
import { ModelWorker, type ModelWorkerOptions } from '../../src/queue/modelWorker.js';
import { viewQueue } from '../../src/queue/queueView.js';
import { startStandIn } from '../../src/standIn/http/server.js';
import { runCommand } from '../support/command.js';
import { noRedis, type RedisServer, startRedis } from '../support/redisServer.js';
import { ask } from '../support/standInModel.js';
import { workFolder } from '../support/workFolder.js';

const MODEL = 'offline-through-a-queue';
const sleep = (ms: number) => new Promise((next) => setTimeout(next, ms));

const ends = new WeakMap<TestContext, (() => unknown)[]>();

/** Calls back at the end of a test, the last one first: Redis ends after those who use it. */
function atEnd(t: TestContext, end: () => unknown): void {
  const all = ends.get(t) ?? [];
  if (all.push(end) > 1) return;
  ends.set(t, all);
  t.after(async () => {
    for (const one of all.reverse()) await one();
  });
}

/** A model of a coordinator, closed at the end of the test. */
function coordinator(t: TestContext, options: CallQueueOptions, more: Partial<ModelOptions> = {}) {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const model = createModel({
    model: MODEL,
    attempts: callQueue(options),
    onNotice,
    baseDelayMs: 1,
    concurrency: 64,
    ...more,
  });
  atEnd(t, () => model.close());
  return { model, notices };
}

async function worker(
  t: TestContext,
  options: Pick<ModelWorkerOptions, 'queue' | 'queueName'> & Partial<ModelWorkerOptions>,
) {
  const delayMs = 20;
  const one = new ModelWorker({ model: MODEL, slots: 8, connect: () => offlineModel({ delayMs }), ...options });
  await one.join();
  atEnd(t, () => one.leave());
  return one;
}

const askAll = (model: { complete(request: ChatRequest): Promise<{ text: string }> }, from: number, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => model.complete(ask(from + i)).then(({ text }) => text)));

async function expected(from: number, count: number): Promise<string[]> {
  return await askAll(offlineModel({}), from, count);
}

async function withRedis(t: TestContext, options: string[] = []): Promise<RedisServer> {
  const redis = await startRedis(workFolder(t), options);
  atEnd(t, () => redis[Symbol.asyncDispose]());
  return redis;
}

test('queues on a real Redis', { skip: noRedis, concurrency: 10 }, async (t) => {
  const redis = await withRedis(t);
  const queue = redis.url;
  const parts: [string, (t: TestContext) => Promise<void>][] = [];
  const part = (name: string, body: (t: TestContext) => Promise<void>) => parts.push([name, body]);

  part('answers through two workers equal those of one process, and nothing stays in Redis', async (t) => {
    const options = { queue, queueName: 'equal' };
    await Promise.all([worker(t, { ...options, host: 'a' }), worker(t, { ...options, host: 'b' })]);
    const { model } = coordinator(t, options);
    assert.deepEqual(await askAll(model, 0, 100), await expected(0, 100));
    assert.equal(model.usage().total.attempts, 100);
    const view = await viewQueue(options);
    assert.deepEqual(
      view.workers.map(({ host, slots, isLost }) => [host, slots, isLost]),
      [
        ['a', 8, false],
        ['b', 8, false],
      ],
    );
    assert.equal(view.coordinator?.pid, process.pid);
    await model.close();
    const client = clientOf(t, redis.port);
    assert.deepEqual(
      (await client.keys('rareflow:equal:c*')).filter((key) => !/completed|coord/.test(key)),
      [],
    );
    assert.equal((await viewQueue(options)).coordinator, undefined);
  });

  part('a worker of another model or version is refused at the join', async (t) => {
    const options = { queue, queueName: 'doors' };
    await worker(t, options);
    await assert.rejects(
      worker(t, { ...options, model: 'other' }),
      /serves the model offline-through-a-queue, and this worker has other/,
    );
    await assert.rejects(
      worker(t, { ...options, version: '0.0.1' }),
      /is used by rareflow .*, and this worker is 0\.0\.1/,
    );
    const { model } = coordinator(t, options, { model: 'third' });
    const refusal = /the workers of the queue doors serve offline-through-a-queue/;
    await assert.rejects(model.join(), refusal);
    await assert.rejects(model.complete(ask()), refusal);
  });

  part('a second coordinator is refused when it joins, before any call', async (t) => {
    const options = { queue, queueName: 'two' };
    await coordinator(t, options).model.join();
    await assert.rejects(coordinator(t, options).model.join(), {
      name: 'UsageError',
      message: new RegExp(`another coordinator \\(process ${process.pid} on `),
    });
  });

  part('the run bounds the time of an attempt at a worker', async (t) => {
    const options = { queue, queueName: 'timeout' };
    let calls = 0;
    const script = () => {
      calls += 1;
      return calls === 1 ? ('stall' as const) : undefined;
    };
    const server = await startStandIn({ script, stallMs: 600_000 });
    atEnd(t, () => server.close());
    const connect: ModelWorkerOptions['connect'] = (_shape, { attemptTimeoutMs }) =>
      openaiModel({ model: MODEL, baseUrl: server.baseUrl, attemptTimeoutMs });
    await worker(t, { ...options, connect, probeDelayMs: 10 });
    const { model } = coordinator(t, options, { attemptTimeoutMs: 2000 });
    await model.complete(ask());
    assert.ok(model.usage().total.unknownAttempts >= 1);
  });

  part('an answer that a killed coordinator left is taken without a worker', async (t) => {
    const options = { queue, queueName: 'adopted' };
    const client = clientOf(t, redis.port);
    const redisLife = /run_id:(\w+)/.exec(await client.info('server'))?.[1];
    const shape = { structuredOutput: 'auto' } as const;
    const left = new Queue('adopted', { connection: { port: redis.port }, prefix: 'rareflow' });
    const request = ask(7);
    await left.add('call', { request, shape, redisLife }, { jobId: callId(MODEL, request, shape) });
    const one = await worker(t, options);
    while ((await left.getCompletedCount()) === 0) await sleep(20);
    await one.leave();
    await left.close();
    const { model, notices } = coordinator(t, options);
    assert.deepEqual([(await model.complete(request)).text], await expected(7, 1));
    assert.match(notices[0] ?? '', /holds 1 calls of an earlier start/);
  });

  part('calls of a worker that was lost are asked again, and count as attempts of unknown bill', async (t) => {
    const options = { queue, queueName: 'lost' };
    // It takes calls, renews no lock and never answers, as a process that was killed.
    const connection = { port: redis.port, maxRetriesPerRequest: null };
    const dead = new Worker('lost', () => new Promise(() => {}), {
      ...{ connection, prefix: 'rareflow', name: 'gpu9:1', concurrency: 3 },
      ...{ lockDuration: 5000, skipLockRenewal: true, skipStalledCheck: true },
    });
    atEnd(t, () => dead.close(true));
    const { model, notices } = coordinator(t, options);
    const answers = askAll(model, 0, 3);
    while ((await viewActive(redis.port, 'lost')) < 3) await sleep(20);
    await worker(t, options);
    void dead.pause(true);
    assert.deepEqual(await answers, await expected(0, 3));
    // On a busy machine the other worker may seem lost too.
    const { attempts, unknownAttempts } = model.usage().total;
    assert.ok(unknownAttempts >= 3);
    assert.equal(attempts - unknownAttempts, 3);
    await model.close();
    assert.ok(
      notices.some((notice) => /the worker gpu9:1 was lost at .*; \d+ calls? of it asked again/.test(notice)),
      notices.join('\n'),
    );
  });

  part(
    'a server that limits calls is left alone by its worker, and no call is rejected or counted twice',
    async (t) => {
      const options = { queue, queueName: 'gate' };
      let limited = 0;
      const script = () => {
        limited += 1;
        return limited <= 4 ? ('rate429Bare' as const) : undefined;
      };
      const server = await startStandIn({ script, medianMs: 5 });
      atEnd(t, () => server.close());
      const connect: ModelWorkerOptions['connect'] = () => openaiModel({ model: MODEL, baseUrl: server.baseUrl });
      const one = await worker(t, { ...options, connect });
      const { model } = coordinator(t, options);
      const answers = askAll(model, 0, 30);
      let wasHeld = false;
      const timer = setInterval(() => {
        wasHeld ||= one.state().held !== undefined;
      }, 20);
      assert.equal((await answers).length, 30);
      clearInterval(timer);
      assert.ok(wasHeld);
      const { attempts, unknownAttempts } = model.usage().total;
      const { calls } = server.ledger.sums();
      assert.ok(calls <= attempts && calls >= attempts - unknownAttempts);
      assert.equal(model.usage().total.failedCalls, 0);
    },
  );

  part('a worker that is drained finishes its calls and leaves', async (t) => {
    const options = { queue, queueName: 'drained' };
    const one = await worker(t, { ...options, host: 'gpu1' });
    await assert.rejects(viewQueue({ ...options, drain: 'gpu2' }), /no worker of the queue drained runs on gpu2/);
    await viewQueue({ ...options, drain: 'gpu1' });
    await one.left();
    assert.deepEqual((await viewQueue(options)).workers, []);
  });

  part('a stopped run asks nothing that no worker has begun', async (t) => {
    const { model } = coordinator(t, { queue, queueName: 'stopped' });
    const calls = Promise.allSettled([model.complete(ask(1)), model.complete(ask(2))]);
    await sleep(300);
    model.drain();
    const reasons = (await calls).map((call) => (call.status === 'rejected' ? call.reason.exitCode : 'answered'));
    assert.deepEqual(reasons, [4, 4]);
  });

  await Promise.all(parts.map(([name, body]) => t.test(name, { timeout: 60_000 }, body)));
});

/** A client of Redis that ends with the test. */
function clientOf(t: TestContext, port: number): Redis {
  const client = new Redis(port).on('error', () => {});
  atEnd(t, () => client.disconnect());
  return client;
}

async function viewActive(port: number, name: string): Promise<number> {
  const client = new Redis(port);
  const count = await client.llen(`rareflow:${name}:active`);
  client.disconnect();
  return count;
}

test('faults of Redis', { skip: noRedis, concurrency: 10 }, async (t) => {
  const parts: [string, (t: TestContext) => Promise<void>][] = [];
  const part = (name: string, body: (t: TestContext) => Promise<void>) => parts.push([name, body]);

  part('nothing is lost when Redis is emptied in mid-run', async (t) => {
    const redis = await withRedis(t);
    const options = { queue: redis.url, queueName: 'emptied' };
    await worker(t, options);
    const { model } = coordinator(t, options);
    const answers = askAll(model, 0, 200);
    const client = clientOf(t, redis.port);
    while (model.usage().total.attempts < 20) await sleep(5);
    await client.flushall();
    assert.deepEqual(await answers, await expected(0, 200));
    assert.ok(model.usage().total.unknownAttempts > 0);
  });

  part('a run goes on after Redis was killed and lost all it held', async (t) => {
    const redis = await withRedis(t);
    const options = { queue: redis.url, queueName: 'killed' };
    await worker(t, options);
    const { model } = coordinator(t, options);
    const answers = askAll(model, 0, 150);
    while (model.usage().total.attempts < 20) await sleep(5);
    await redis.crash();
    await redis.restart();
    assert.deepEqual(await answers, await expected(0, 150));
  });

  part('a policy that drops keys is refused by run and worker, with the command that sets the right one', async (t) => {
    const redis = await withRedis(t, ['--maxmemory-policy', 'allkeys-lru']);
    const options = { queue: redis.url, queueName: 'policy' };
    const refusal = {
      name: 'UsageError',
      message: /has maxmemory-policy allkeys-lru/,
      hint: /CONFIG SET maxmemory-policy noeviction/,
    };
    await assert.rejects(worker(t, options), refusal);
    await assert.rejects(coordinator(t, options).model.join(), refusal);
  });

  part('a queue that is refused ends a run before it builds an index or writes anything', async (t) => {
    const redis = await withRedis(t, ['--maxmemory-policy', 'allkeys-lru']);
    const folder = workFolder(t);
    writeFileSync(path.join(folder, 'corpus.jsonl'), '{"id":1,"text":"a river in its valley"}\n');
    const args = ['run', 'corpus.jsonl', '-o', 'out.jsonl', '--model', MODEL, '--queue', redis.url];
    const { code, stderr } = await runCommand(args, { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /has maxmemory-policy allkeys-lru/);
    assert.deepEqual(readdirSync(folder), ['corpus.jsonl']);
  });

  part('a password is needed, is taken from its own option, and is in no message', async (t) => {
    const redis = await withRedis(t, ['--requirepass', 'sesame']);
    const options = { queue: redis.url, queueName: 'secret' };
    for (const password of [undefined, 'wrong-sesame']) {
      await assert.rejects(worker(t, { ...options, password }), (error: Error) => {
        assert.doesNotMatch(error.message, /sesame/);
        return /refused the login/.test(error.message);
      });
    }
    await assert.rejects(coordinator(t, options).model.join(), /refused the login/);
    await worker(t, { ...options, password: 'sesame' });
    const { model } = coordinator(t, { ...options, password: 'sesame' });
    assert.deepEqual([(await model.complete(ask(1))).text], await expected(1, 1));
  });

  part('a Redis that cannot be reached is waited for, which is said, and stops the run to be resumed', async (t) => {
    const redis = await withRedis(t);
    await redis.crash();
    const { model, notices } = coordinator(t, { queue: redis.url, queueName: 'away', timeoutSeconds: 2 });
    await assert.rejects(model.complete(ask()), {
      name: 'ModelError',
      exitCode: 4,
      message: /cannot be used .*, for 2 s/,
    });
    assert.match(notices.join('\n'), /the run waits, and stops to be resumed after 2 s/);
  });

  part('a Redis that is too busy to answer is waited for when a worker and a run join', async (t) => {
    const redis = await withRedis(t);
    const options = { queue: redis.url, queueName: 'busy' };
    // Longer than a command may take.
    await clientOf(t, redis.port).client('PAUSE', 3500, 'WRITE');
    const { model } = coordinator(t, options);
    await Promise.all([worker(t, options), model.join()]);
    assert.deepEqual([(await model.complete(ask(1))).text], await expected(1, 1));
  });

  part('a full Redis is waited for, and the run goes on once it has room', async (t) => {
    const redis = await withRedis(t);
    const client = clientOf(t, redis.port);
    const options = { queue: redis.url, queueName: 'full' };
    await worker(t, options);
    const { model } = coordinator(t, options);
    await model.complete(ask(0));
    await client.config('SET', 'maxmemory', '1');
    const answers = askAll(model, 1, 20);
    await sleep(500);
    await client.config('SET', 'maxmemory', '0');
    assert.deepEqual(await answers, await expected(1, 20));
  });

  await Promise.all(parts.map(([name, body]) => t.test(name, { timeout: 60_000 }, body)));
});
