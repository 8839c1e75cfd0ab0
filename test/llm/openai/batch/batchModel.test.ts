import assert from 'node:assert/strict';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { ModelError, RejectError } from '../../../../src/errors.js';
import type { ChatModel } from '../../../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../../../src/llm/createModel.js';
import { type StandIn, startStandIn } from '../../../../src/standIn/http/server.js';
import type { StandInOptions } from '../../../../src/standIn/options.js';
import { ask } from '../../../support/standInModel.js';
import { workFolder } from '../../../support/workFolder.js';

const quick = { model: 'stand-in', batchIdleMs: 20, batchPollMs: 10, batchRequests: 20 };

async function standIn(t: TestContext, options: StandInOptions = {}): Promise<StandIn> {
  const server = await startStandIn(options);
  t.after(() => server.close());
  return server;
}

function modelOf(t: TestContext, server: StandIn, batch: string, more: Partial<ModelOptions> = {}) {
  const notices: string[] = [];
  const onNotice = (notice: string) => void notices.push(notice);
  const options = {
    ...quick,
    baseUrl: server.baseUrl,
    batch,
    onNotice,
    concurrency: 100,
    baseDelayMs: 1,
    firstHoldMs: 5,
  };
  const model = createModel({ ...options, ...more });
  t.after(() => model.close());
  return { model, notices };
}

const askAll = (model: ChatModel, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => model.complete(ask(i))));

test('requests go out in batches of the size asked for, and each gets its own answer', async (t) => {
  const server = await standIn(t, { answer: (messages) => `About: ${messages.at(-1)?.content}` });
  const { model, notices } = modelOf(t, server, path.join(workFolder(t), 'batches'));
  const answers = await askAll(model, 50);
  for (const [i, { text }] of answers.entries()) assert.match(text, new RegExp(`document ${i}\\.`));
  assert.equal(server.ledger.sums().calls, 50);
  assert.equal(notices.filter((notice) => /started/.test(notice)).length, 3);
  assert.ok(answers.every(({ usage }) => usage.promptTokens > 0 && !usage.estimated));
});

test('requests that a batch left unanswered are sent again in the next, and no others', async (t) => {
  const server = await standIn(t, { batchUnanswered: 0.3 });
  // With six attempts one of 60 requests would be left unanswered each time in every 25th run.
  const { model, notices } = modelOf(t, server, path.join(workFolder(t), 'batches'), { maxAttempts: 20 });
  const answers = await askAll(model, 60);
  assert.equal(answers.length, 60);
  assert.equal(server.ledger.sums().calls, 60);
  assert.ok(notices.some((notice) => /expired/.test(notice)));
});

test('faults of single requests are judged as they are outside of batches', async (t) => {
  const server = await standIn(t, {
    script: ({ key, callNumber }) => {
      if (key.charCodeAt(0) % 3 === 0) return 'contentFilter400';
      return callNumber === 1 && key.charCodeAt(0) % 3 === 1 ? 'http500' : undefined;
    },
  });
  const { model } = modelOf(t, server, path.join(workFolder(t), 'batches'));
  const settled = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => model.complete(ask(i))));
  const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.ok(refused.length > 0 && refused.length < 40);
  assert.ok(refused.every(({ reason }) => reason instanceof RejectError && /content filter/.test(reason.message)));
});

test('a parameter that a batch refuses by name is left out of the next one; words that name nothing are not probed', async (t) => {
  const folder = workFolder(t);
  const named = await standIn(t, { refuses: 'temperature' });
  const { model, notices } = modelOf(t, named, path.join(folder, 'named'), { temperature: 0.5 });
  const answers = await askAll(model, 10);
  assert.ok(answers.every(({ attempts }) => attempts === 1));
  assert.deepEqual(named.ledger.sums().statuses, { 200: 10, 400: 10 });
  assert.equal(notices.filter((notice) => /does not accept temperature/.test(notice)).length, 1);

  const vague = await standIn(t, { refuses: 'temperature', vagueRefusals: true });
  const other = modelOf(t, vague, path.join(folder, 'vague'), { temperature: 0.5 });
  const settled = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => other.model.complete(ask(i))));
  assert.ok(settled.every(({ status }) => status === 'rejected'));
  assert.deepEqual(vague.ledger.sums().statuses, { 400: 5 });
});

test('a batch that fails for too many tokens queued is sent again', async (t) => {
  const server = await standIn(t, { batchFailures: 0.5, seed: 4 });
  const { model, notices } = modelOf(t, server, path.join(workFolder(t), 'batches'));
  assert.equal((await askAll(model, 60)).length, 60);
  assert.ok(notices.some((notice) => /failed/.test(notice)));
});

test('a process that ends while a batch runs is followed by one that collects it, and nothing is paid twice', async (t) => {
  const server = await standIn(t, { batchMs: 300 });
  const journal = path.join(workFolder(t), 'batches');
  const first = modelOf(t, server, journal);
  const waiting = askAll(first.model, 20);
  waiting.catch(() => {});
  while (!first.notices.some((notice) => /started/.test(notice))) await new Promise((wake) => setTimeout(wake, 5));
  first.model.drain();
  await assert.rejects(waiting, (error) => error instanceof ModelError && /run again/.test(error.hint ?? ''));
  const second = modelOf(t, server, journal);
  assert.equal((await askAll(second.model, 25)).length, 25);
  assert.equal(server.ledger.sums().calls, 25);
  assert.ok(second.notices.some((notice) => /resuming 1 batches/.test(notice)));
  await second.model.close();
  const third = modelOf(t, server, journal);
  assert.equal((await askAll(third.model, 25)).length, 25);
  assert.equal(server.ledger.sums().calls, 25);
});

test('a batch that was created but not recorded is found in the list of the provider', async (t) => {
  const server = await standIn(t, { batchMs: 200 });
  const journal = path.join(workFolder(t), 'batches');
  const first = modelOf(t, server, journal);
  const created = loseAnswer(t, /\/batches$/);
  const waiting = askAll(first.model, 20);
  waiting.catch(() => {});
  await created;
  first.model.drain();
  const second = modelOf(t, server, journal);
  assert.equal((await askAll(second.model, 20)).length, 20);
  assert.equal(server.ledger.sums().calls, 20);
});

/** Lets the first POST that matches reach the server and loses its answer, as a process does that dies then. */
function loseAnswer(t: TestContext, url: RegExp): Promise<void> {
  const real = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = real;
  });
  return new Promise((resolve) => {
    globalThis.fetch = async (input, init) => {
      const response = await real(input, init);
      if (init?.method?.toUpperCase() !== 'POST' || !url.test(String(input))) return response;
      await response.text();
      globalThis.fetch = real;
      resolve();
      return await new Promise<Response>((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    };
  });
}

test('a batch is not created twice if the connection is lost while it is created', async (t) => {
  const real = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = real;
  });
  let lost = 0;
  globalThis.fetch = async (input, init) => {
    const response = await real(input, init);
    if (init?.method?.toUpperCase() !== 'POST' || !/\/batches$/.test(String(input)) || lost > 0) return response;
    lost += 1;
    await response.text();
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
  };
  const server = await standIn(t);
  const clock = { now: () => performance.now(), sleep: async () => {} };
  const { model } = modelOf(t, server, path.join(workFolder(t), 'batches'), { clock });
  assert.equal((await askAll(model, 20)).length, 20);
  assert.equal(lost, 1);
  assert.equal(server.ledger.sums().calls, 20);
});

test('passing faults of the Batch API are retried, and a refused key ends all waiting calls', async (t) => {
  const real = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = real;
  });
  let calls = 0;
  globalThis.fetch = async (input, init) => {
    calls += 1;
    if (calls % 3 === 1) return new Response('{"error":{"message":"overloaded"}}', { status: 503 });
    return await real(input, init);
  };
  const server = await standIn(t);
  const clock = { now: () => performance.now(), sleep: async () => {} };
  const { model } = modelOf(t, server, path.join(workFolder(t), 'batches'), { clock });
  assert.equal((await askAll(model, 5)).length, 5);
  globalThis.fetch = real;
  const guarded = await standIn(t, { apiKey: 'sk-right-key' });
  const refused = modelOf(t, guarded, path.join(workFolder(t), 'batches'), { apiKey: 'sk-wrong-key' });
  await assert.rejects(refused.model.complete(ask()), (error) => {
    assert.ok(error instanceof ModelError && /key/.test(error.message));
    assert.doesNotMatch(`${error.message} ${error.hint}`, /sk-wrong-key/);
    return true;
  });
});

test('a caller that aborts is released at once, and the others get their answers', async (t) => {
  const server = await standIn(t, { batchMs: 100 });
  const { model } = modelOf(t, server, path.join(workFolder(t), 'batches'));
  const leaving = new AbortController();
  const left = model.complete(ask(1), { signal: leaving.signal });
  const stays = model.complete(ask(2));
  leaving.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  assert.ok((await stays).text.length > 0);
});
