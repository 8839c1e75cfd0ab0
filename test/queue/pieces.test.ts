import assert from 'node:assert/strict';
import test from 'node:test';
import { queueOf } from '../../src/cli/options/queue.js';
import { workerTable } from '../../src/cli/progress/workerTable.js';
import { RejectError, UsageError } from '../../src/errors.js';
import { AttemptError } from '../../src/llm/failures/attemptError.js';
import { redisAddress } from '../../src/queue/address.js';
import { callId } from '../../src/queue/callId.js';
import { queueKeys } from '../../src/queue/keys.js';
import { LostWorkers } from '../../src/queue/lostWorkers.js';
import { loadQueuePackages, requireQueuePackages } from '../../src/queue/packages.js';
import { QueueOutage } from '../../src/queue/queueOutage.js';
import type { SeenWorker } from '../../src/queue/registry.js';
import { answerOf, readReply, replyOf } from '../../src/queue/reply.js';

test('redisAddress reads hosts, ports, databases, TLS and credentials, and labels hold no credentials', () => {
  const table: [string, string | undefined, string, object][] = [
    ['redis://head', undefined, 'head:6379', { host: 'head', port: 6379, db: 0 }],
    ['redis://head:7000/2', undefined, 'head:7000', { host: 'head', port: 7000, db: 2 }],
    [
      'redis://me:p%40ss@head:1',
      undefined,
      'head:1',
      { host: 'head', port: 1, db: 0, username: 'me', password: 'p@ss' },
    ],
    ['redis://:old@head', 'new', 'head:6379', { host: 'head', port: 6379, db: 0, password: 'new' }],
    ['rediss://head', undefined, 'head:6379', { host: 'head', port: 6379, db: 0, tls: { servername: 'head' } }],
    ['redis://[::1]:7', undefined, '[::1]:7', { host: '::1', port: 7, db: 0 }],
  ];
  for (const [url, password, label, connection] of table) {
    assert.deepEqual(redisAddress(url, password), { label, connection }, url);
  }
});

test('redisAddress refuses other addresses without quoting them, because they may hold a password', () => {
  for (const url of ['head:6379', 'http://me:secret@head', 'redis://me:secret@head/first', 'redis:///1', '']) {
    assert.throws(
      () => redisAddress(url),
      (error: Error) => error instanceof UsageError && !/secret/.test(error.message),
    );
  }
});

test('queueKeys refuses names that would end in the keys of another queue', () => {
  for (const name of ['a:b', '', 'a b', 'a*']) assert.throws(() => queueKeys(name), UsageError);
  assert.equal(queueKeys('arxiv-3.b_1').job('c1'), 'rareflow:arxiv-3.b_1:c1');
});

test('callId depends on all that shapes an answer and on nothing else', () => {
  const request = { messages: [{ role: 'user' as const, content: 'Why?' }], maxTokens: 10 };
  const id = callId('m', request, {});
  assert.equal(id, callId('m', { ...request, stage: 'doc2query', maxAnswers: 3 }, {}));
  const others = [
    callId('n', request, {}),
    callId('m', { ...request, maxTokens: 11 }, {}),
    callId('m', { ...request, sample: 1 }, {}),
    callId('m', request, { reasoningEffort: 'low' }),
  ];
  assert.equal(new Set([id, ...others]).size, 5);
});

test('packages of a queue that are missing are named before the first call, with the command that installs them', async () => {
  const refused = { name: 'UsageError', hint: /^npm install bullmq@\^6\.7 ioredis@\^6/ };
  await assert.rejects(
    loadQueuePackages(() => Promise.reject(new Error("Cannot find package 'bullmq'"))),
    refused,
  );
  const resolve = (name: string) => {
    throw new Error(`Cannot find module '${name}'`);
  };
  assert.throws(() => requireQueuePackages(resolve), refused);
  requireQueuePackages();
});

test('a failed attempt and a reject come back from the queue as they went in', () => {
  const failure = new AttemptError('status', {
    host: 'gpu3:8000',
    status: 500,
    serverMessage: 'oops',
    billingUnknown: true,
  });
  const reject = new RejectError('refused', { hint: 'shorten it', answer: 'no' });
  for (const error of [failure, reject]) {
    const reply = readReply(JSON.stringify(replyOf(error)));
    assert.ok(reply !== undefined && !('returned' in reply));
    assert.throws(
      () => answerOf(reply),
      (back: Error) => {
        const { stack: _a, cause: _b, ...was } = error;
        const { stack: _c, cause: _d, ...is } = back as typeof error;
        assert.deepEqual(is, was);
        return back.message === error.message;
      },
    );
  }
});

test('readReply takes parsed values and texts, and nothing else', () => {
  const reply = { returned: 'not-sent' };
  assert.deepEqual(readReply(reply), reply);
  assert.deepEqual(readReply(JSON.stringify(reply)), reply);
  for (const value of [undefined, null, '', '{', '7', [], {}]) assert.equal(readReply(value), undefined);
});

const seen = (name: string, silentMs: number, more: Partial<SeenWorker> = {}): SeenWorker => ({
  ...{ name, host: 'gpu', pid: 1, model: 'm', version: '1', slots: 8, inFlight: 2, calls: 9, callsPerSecond: 1.25 },
  ...{ draining: false, silentMs, ...more },
});

test('LostWorkers reports a loss once, with its calls, and a worker that is back', () => {
  const said: string[] = [];
  const lost = new LostWorkers((message) => said.push(message));
  lost.note([seen('a:1', 100), seen('b:1', 100)], 5000);
  lost.note([seen('a:1', 6000), seen('b:1', 100)], 5000);
  lost.askAgain('a:1');
  lost.askAgain('a:1');
  assert.deepEqual(said, []);
  lost.note([seen('a:1', 13_000), seen('b:1', 100)], 5000);
  lost.note([seen('a:1', 14_000), seen('b:1', 100)], 5000);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^the worker a:1 was lost at \d\d:\d\d:\d\d UTC; 2 calls of it asked again/);
  lost.note([seen('a:1', 50)], 5000);
  assert.equal(said[1], 'the worker a:1 is back');
});

test('workerTable shows each worker with its state', () => {
  const workers = [
    { ...seen('gpu1:7', 10), isLost: false },
    { ...seen('gpu2:7', 9000), isLost: true },
    { ...seen('gpu3:7', 10, { held: 'it answered 429' }), isLost: false },
  ];
  assert.deepEqual(workerTable({ coordinator: { host: 'head', pid: 5 }, workers }), [
    'run: process 5 on head',
    'worker  model  slots  in flight  calls/s  state',
    'gpu1:7  m          8          2      1.3  working',
    'gpu2:7  m          8          2      1.3  lost, no sign for 9 s',
    'gpu3:7  m          8          2      1.3  held: it answered 429',
  ]);
  assert.deepEqual(workerTable({ coordinator: undefined, workers: [] }), ['no run uses the queue', 'no workers']);
});

test('queueOf refuses what belongs to the workers, and names it', () => {
  const queue = 'redis://me:secret@head';
  const table: [Record<string, unknown>, RegExp][] = [
    [{ baseUrl: ['http://gpu:8000/v1'] }, /^--base-url does not go with --queue/],
    [{ apiKeyEnv: ['KEY'] }, /^--api-key-env does not go with --queue/],
    [{ batch: true }, /^--batch does not go with --queue/],
    [{ doc2queryModel: 'small' }, /^--doc2query-model does not go with --queue/],
    [{ model: 'offline' }, /^the offline model needs no queue/],
    [{ queueName: 'a:b' }, /^the name of a queue must be/],
    [{ queuePasswordEnv: 'REDIS_PASSWORD' }, /REDIS_PASSWORD is not set/],
    [{ queuePasswordEnv: 'se-cret!' }, /^--queue-password-env takes the name of an environment variable/],
  ];
  for (const [flags, message] of table) assert.throws(() => queueOf({ queue, model: 'm', ...flags }, {}), { message });
  assert.equal(queueOf({ baseUrl: ['http://gpu:8000/v1'] }, {}), undefined);
  assert.equal(queueOf({ queue, model: 'm', stream: false }, {})?.label, 'queue calls');
});

test('an outage is reported once, whatever its reasons, and ends the run after the timeout', () => {
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const outage = new QueueOutage({ name: 'calls', model: 'm', redis: 'head:6379', timeoutMs: 60_000, onNotice });
  outage.redisFails('is full', 0);
  outage.redisFails('is full', 2999);
  assert.deepEqual(notices, []);
  assert.equal(outage.isOn, true);
  outage.redisFails('is full', 3000);
  outage.redisFails('is full', 4000);
  assert.deepEqual(notices, ['Redis at head:6379 is full: the run waits, and stops to be resumed after 60 s']);
  outage.end();
  assert.equal(notices[1], 'Redis at head:6379 works again');
  assert.deepEqual([outage.isOn, outage.lastRedisMs], [false, 4000]);
  outage.redisFails('is full', 100_000);
  outage.noWorker(159_999);
  assert.match(notices[2] ?? '', /^the queue calls has no worker \(rareflow worker .* --model m\): the run waits/);
  assert.throws(() => outage.noWorker(160_000), {
    name: 'ModelError',
    message: 'the queue calls has no worker, for 60 s',
  });
});
