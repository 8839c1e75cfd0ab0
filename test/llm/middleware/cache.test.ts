import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { ModelError, RejectError } from '../../../src/errors.js';
import { AnswerStore } from '../../../src/llm/cacheStore/answerStore.js';
import type { ChatModel, ChatRequest, Completion } from '../../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../../src/llm/createModel.js';
import { cache } from '../../../src/llm/middleware/cache.js';
import { cacheKey } from '../../../src/llm/middleware/cacheKey.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { Store } from '../../../src/store/store.js';
import { ask, quick, withStandIn } from '../../support/standInModel.js';
import { workFolder } from '../../support/workFolder.js';

const answer: Completion = {
  text: 'because',
  thinking: { text: 'why indeed?', source: 'reasoning' },
  model: 'served-1',
  finishReason: 'stop',
  usage: { promptTokens: 10, completionTokens: 5, reasoningTokens: 2 },
  attempts: 2,
};
const why: ChatRequest = { messages: [{ role: 'user', content: 'why?' }], stage: 'doc2query' };
const of = { baseUrl: 'https://a.example/v1', model: 'm' };

interface PlayedCall {
  request: ChatRequest;
  signal: AbortSignal | undefined;
  answer: (completion?: Completion) => void;
  fail: (error: Error) => void;
}

/** A cached model whose calls the test ends. */
function played(t: TestContext, folder = path.join(workFolder(t), 'cache')) {
  const calls: PlayedCall[] = [];
  const inner: ChatModel = {
    name: 'm',
    complete: (request, { signal } = {}) =>
      new Promise((resolve, reject) => {
        calls.push({ request, signal, answer: (completion = answer) => resolve(completion), fail: reject });
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const notices: string[] = [];
  const model = cache(inner, { path: folder, onNotice: (notice) => notices.push(notice), ...of });
  t.after(() => model.close());
  const reach = async (count: number) => {
    while (calls.length < count) await new Promise((done) => setTimeout(done, 1));
    await new Promise((done) => setTimeout(done, 5));
    assert.equal(calls.length, count);
  };
  return { model, calls, notices, reach, folder };
}

test('an answer is kept whole: a later process gets the same one, marked as cached', async (t) => {
  const first = played(t);
  const asked = first.model.complete(why);
  await first.reach(1);
  first.calls[0]?.answer();
  assert.deepEqual(await asked, answer);
  assert.deepEqual(await first.model.complete(why), { ...answer, cached: true });
  await first.model.close();

  const second = played(t, first.folder);
  assert.deepEqual(await second.model.complete({ ...why, stage: 'another' }), { ...answer, cached: true });
  assert.equal(second.calls.length, 0);
});

test('the key holds all that an answer depends on, whatever the order of its fields, and no more', () => {
  const key = cacheKey(why, of);
  const others = [
    cacheKey(why, { ...of, model: 'n' }),
    cacheKey(why, { ...of, baseUrl: 'https://b.example/v1' }),
    ...[
      { messages: [{ role: 'user' as const, content: 'why not?' }] },
      { messages: [{ role: 'system' as const, content: 'why?' }] },
      { temperature: 0 },
      { topP: 1 },
      { maxTokens: 100 },
      { seed: 0 },
      { sample: 2 },
      { schema: { name: 'x', schema: { type: 'object' } } },
    ].map((other) => cacheKey({ ...why, ...other }, of)),
  ];
  assert.equal(new Set([key, ...others]).size, others.length + 1);
  const { messages, ...rest } = why;
  const schema = (of: Record<string, unknown>): ChatRequest => ({ ...why, schema: { name: 'x', schema: of } });
  assert.equal(cacheKey({ ...rest, stage: 'x', maxAnswers: 3, seed: undefined, messages }, of), key);
  assert.equal(cacheKey(schema({ a: { b: 1, c: [2] } }), of), cacheKey(schema({ a: { c: [2], b: 1 } }), of));
  assert.notEqual(cacheKey(schema({ a: [1, 2] }), of), cacheKey(schema({ a: [2, 1] }), of));
});

test('requests that are the same make one call while it is under way; others make their own', async (t) => {
  const { model, calls, reach } = played(t);
  const same = [1, 2, 3].map(() => model.complete(why));
  const other = model.complete({ ...why, seed: 1 });
  await reach(2);
  for (const call of calls) call.answer();
  const [first, ...followers] = await Promise.all(same);
  assert.deepEqual(first, answer);
  assert.deepEqual(followers, [
    { ...answer, cached: true },
    { ...answer, cached: true },
  ]);
  assert.equal((await other).cached, undefined);
});

test('a caller that leaves a shared call does not end it for others; when all have left it is aborted, and asked again', async (t) => {
  const { model, calls, reach } = played(t);
  const [leader, follower] = [new AbortController(), new AbortController()];
  const led = model.complete(why, { signal: leader.signal });
  const followed = model.complete(why, { signal: follower.signal });
  await reach(1);
  leader.abort(new Error('leader left'));
  await assert.rejects(led, /leader left/);
  assert.equal(calls[0]?.signal?.aborted, false);
  follower.abort(new Error('follower left'));
  await assert.rejects(followed, /follower left/);
  assert.equal(calls[0]?.signal?.aborted, true);

  const again = model.complete(why);
  const gone = new AbortController();
  gone.abort(new Error('gone before'));
  await assert.rejects(model.complete(why, { signal: gone.signal }), /gone before/);
  await reach(2);
  calls[1]?.answer();
  assert.equal((await again).text, 'because');
});

test('a shared call fails for all its callers, and the next caller asks again', async (t) => {
  const { model, calls, reach } = played(t);
  for (const [place, error] of [new RejectError('content filter'), new ModelError('no quota')].entries()) {
    const waiting = [model.complete(why), model.complete(why)];
    await reach(place + 1);
    calls[place]?.fail(error);
    for (const one of waiting) await assert.rejects(one, error);
  }
  const again = model.complete(why);
  await reach(3);
  calls[2]?.answer();
  assert.equal((await again).cached, undefined);
});

test('a damaged answer is asked for again, with a notice, and replaced', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  const keys = [1, 2, 3, 4].map((seed) => cacheKey({ ...why, seed }, of));
  const [one, two, three, four] = keys as [string, string, string, string];
  const answers = new AnswerStore({ path: folder });
  for (const key of keys) answers.put(key, { stage: 's', model: 'm' }, { ...answer, text: key });
  await answers.close();
  const store = new Store({ path: folder, kind: 'answer cache', version: 1 });
  const table = store.table<string>('answers', 'binary');
  const bytes = table.get(one) as Uint8Array;
  bytes.set([(bytes[bytes.length >> 1] as number) ^ 4], bytes.length >> 1);
  table.put(one, bytes);
  table.put(two, new Uint8Array([1]));
  table.put(three, table.get(four) as Uint8Array); // an answer under the key of another
  await store.close();

  const { model, calls, notices, reach } = played(t, folder);
  const asked = [1, 2, 3, 4].map((seed) => model.complete({ ...why, seed }));
  await reach(3);
  for (const call of calls) call.answer();
  const texts = (await Promise.all(asked)).map(({ text }) => text);
  assert.deepEqual(texts, ['because', 'because', 'because', four]);
  assert.equal(notices.length, 1);
  assert.match(notices[0] ?? '', /cache .* is damaged; damaged answers are requested again/);
  assert.equal((await model.complete({ ...why, seed: 2 })).cached, true);
});

test('if no answer can be kept, the model still answers and says so once', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  await new AnswerStore({ path: folder }).close();
  const notices: string[] = [];
  const full = new AnswerStore({
    path: folder,
    minFreeBytes: Number.MAX_SAFE_INTEGER,
    onNotice: (notice) => notices.push(notice),
  });
  for (const key of ['a', 'b']) {
    full.put(key, { stage: 's', model: 'm' }, answer);
    assert.deepEqual([...full.heads()], []);
  }
  assert.equal(full.get('b'), undefined);
  assert.equal(notices.length, 1);
  assert.match(notices[0] ?? '', /keeps no more answers: .*the disk is full/);
  await full.close();
});

test('answers can be cleared by their heads, and their room is used again', async (t) => {
  const answers = new AnswerStore({ path: path.join(workFolder(t), 'cache') });
  t.after(() => answers.close());
  const fill = () => {
    for (let n = 0; n < 300; n++) {
      const text = randomBytes(400).toString('hex');
      answers.put(`${n}`, { stage: n % 2 ? 'odd' : 'even', model: 'm' }, { ...answer, text });
    }
    assert.equal([...answers.heads()].length, 300);
  };
  fill();
  assert.equal(
    answers.clear(({ stage }) => stage === 'odd'),
    150,
  );
  assert.ok([...answers.answers()].every(({ head }) => head.stage === 'even' && head.promptTokens === 10));
  const sizes: number[] = [];
  for (let round = 0; round < 6; round++) {
    fill();
    assert.equal(answers.clear(), 300);
    sizes.push(answers.bytes);
    await new Promise((done) => setTimeout(done, 20)); // LMDB reads a page of the past until the event loop comes round
  }
  assert.equal(sizes[5], sizes[2], `${sizes}`);
});

test('two models of one process may share a cache, and one may close it before the other', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  const [one, two] = [new AnswerStore({ path: folder }), new AnswerStore({ path: folder })];
  one.put('a', { stage: 's', model: 'm' }, answer);
  two.put('b', { stage: 's', model: 'm' }, answer);
  await one.close();
  one.put('too late', { stage: 's', model: 'm' }, answer);
  two.put('c', { stage: 's', model: 'm' }, answer);
  assert.deepEqual(
    [...two.heads()].map(([key]) => key),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(two.get('a'), answer);
  await two.close();
});

test('a second run makes no call and counts its savings, and no key or credential is in the cache', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  const server = await startStandIn({ seed: 3, faults: { http500: 0.1, rate429: 0.05 } });
  t.after(() => server.close());
  const run = async (options: Partial<ModelOptions> = {}) => {
    const model = createModel({ ...quick, baseUrl: server.baseUrl, cache: folder, ...options });
    const texts = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => (await model.complete({ ...ask(n % 50), stage: 's' })).text),
    );
    await model.close();
    return { texts, used: model.usage().total };
  };
  const first = await run();
  const calls = server.ledger.calls.length;
  assert.ok(calls >= 50 && first.used.cachedCalls === 10);
  const second = await run({ apiKey: 'sk-another-secret', concurrency: 3, maxAttempts: 1, structuredOutput: 'auto' });
  assert.equal(server.ledger.calls.length, calls);
  assert.deepEqual(second.texts, first.texts);
  const { cachedCalls, savedTokens, attempts, promptTokens } = second.used;
  assert.deepEqual([cachedCalls, attempts, promptTokens], [60, 0, 0]);
  assert.ok(savedTokens > 60 * 20);
  const inUrl = server.baseUrl.replace('//', '//user:pw-in-the-url@');
  const third = await run({ baseUrl: inUrl, apiKey: undefined });
  assert.deepEqual(third.texts, first.texts);
  await run({ baseUrl: `${inUrl}?key=in-the-query`, apiKey: undefined, temperature: 0.5 });
  assert.ok(server.ledger.calls.length > calls);
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(path.join(folder, file)).toString('latin1');
    assert.doesNotMatch(bytes, /sk-secret|sk-another|pw-in-the-url|in-the-query/);
  }
});

test('refused requests are not kept: a rerun asks again', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  await withStandIn({ script: () => 'finishContentFilter' }, { cache: folder }, async ({ model, ledger }) => {
    for (let time = 1; time <= 2; time++) {
      await assert.rejects(model.complete(ask()), RejectError);
      assert.equal(ledger.calls.length, time);
    }
  });
});

test('an answer whose form was requested in another way is cached separately', async (t) => {
  const folder = path.join(workFolder(t), 'cache');
  const server = await startStandIn();
  t.after(() => server.close());
  for (const structuredOutput of ['json_schema', 'none', 'none'] as const) {
    const model = createModel({ ...quick, baseUrl: server.baseUrl, cache: folder, structuredOutput });
    await model.complete(ask(1));
    await model.close();
  }
  assert.equal(server.ledger.calls.length, 2);
});
