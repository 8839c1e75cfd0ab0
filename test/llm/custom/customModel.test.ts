import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { ModelError, RejectError, UsageError } from '../../../src/errors.js';
import type { ChatModel, ChatRequest } from '../../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../../src/llm/createModel.js';
import { workFolder } from '../../support/workFolder.js';
import { ask, rejection } from '../playedModel.js';

type Outcome = unknown | ((request: ChatRequest, signal: AbortSignal) => unknown);

/** A custom model that plays outcomes, then repeats its last one: errors are thrown, functions called, all else is the answer. */
function custom(outcomes: Outcome[], options: Partial<ModelOptions> = {}) {
  const requests: ChatRequest[] = [];
  const mine = {
    name: 'mine',
    async complete(request: ChatRequest, { signal }: { signal: AbortSignal }) {
      const outcome = outcomes[Math.min(requests.length, outcomes.length - 1)];
      requests.push(request);
      const made = typeof outcome === 'function' ? await outcome(request, signal) : outcome;
      if (made instanceof Error) throw made;
      return made;
    },
  } as unknown as ChatModel;
  return { model: createModel({ model: mine, baseDelayMs: 1, firstHoldMs: 1, ...options }), requests };
}
const httpError = (status: number, more: object = {}) => Object.assign(new Error('no'), { status, ...more });
const networkError = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const yes = { text: 'yes' };

test('an answer needs only a text: the usage is estimated and flagged', async () => {
  const { model } = custom([yes]);
  const { text, model: name, finishReason, usage, attempts } = await model.complete(ask);
  assert.deepEqual([text, name, finishReason, usage.estimated, attempts], ['yes', 'mine', 'stop', true, 1]);
  assert.equal(model.usage().total.estimatedTokens, usage.promptTokens + usage.completionTokens);
});

for (const [name, error] of [
  ['a 429', httpError(429)],
  ['a 500 with the field statusCode', Object.assign(new Error('no'), { statusCode: 500 })],
  ['a lost connection', networkError('ECONNRESET')],
  ['a server that is not there', networkError('ECONNREFUSED')],
  ['a timeout', new DOMException('too slow', 'TimeoutError')],
  ['a blank answer', { text: ' ' }],
] as const) {
  test(`${name} is retried`, async () => {
    const { model, requests } = custom([error, yes]);
    assert.equal((await model.complete(ask)).text, 'yes');
    assert.equal(requests.length, 2);
  });
}

test('the time in retry-after is kept', async () => {
  const { model } = custom([httpError(429, { headers: new Headers({ 'retry-after-ms': '80' }) }), yes]);
  const startedMs = performance.now();
  await model.complete(ask);
  assert.ok(performance.now() - startedMs >= 79);
});

test('an answer that was cut off is requested again with twice the cap', async () => {
  const { model, requests } = custom([{ text: 'y', finishReason: 'length' }, yes], { maxTokens: 50 });
  await model.complete(ask);
  assert.deepEqual(
    requests.map(({ maxTokens }) => maxTokens),
    [50, 100],
  );
});

for (const error of [new RejectError('too odd'), httpError(400), httpError(422)]) {
  test(`${error.name} ${'status' in error ? error.status : ''} rejects the record`, async () => {
    const { model, requests } = custom([error, yes]);
    await rejection(model.complete(ask), RejectError);
    assert.equal(requests.length, 1);
  });
}

for (const error of [new ModelError('gone'), httpError(401), new TypeError('x is not a function')]) {
  test(`${error.name} ${'status' in error ? error.status : ''} stops the run`, async () => {
    const { model, requests } = custom([error, yes]);
    const { message } = await rejection(model.complete(ask), ModelError);
    assert.match(message, /gone|its key was refused|the model mine threw TypeError: x is not a function/);
    await rejection(model.complete(ask), ModelError);
    assert.equal(requests.length, 1, 'no call is sent after it');
  });
}

for (const [answer, message] of [
  ['yes', /the answer of complete\(\) of the model mine must be an object with the key text, got the string "yes"/],
  [undefined, /must be an object with the key text, got undefined/],
  [{ content: 'yes' }, /text in the answer .* must be a string, got undefined/],
  [
    { text: 'yes', usage: { promptTokens: 'x' } },
    /usage\.promptTokens .* must be a whole number >= 0, got the string "x"/,
  ],
] as const) {
  test(`the answer ${JSON.stringify(answer)} is refused with its form`, async () => {
    assert.match((await rejection(custom([answer]).model.complete(ask), UsageError)).message, message);
  });
}

test('an attempt that takes too long is aborted, even if the model does not listen', async () => {
  let aborted = false;
  const hang = (_: ChatRequest, signal: AbortSignal) => {
    signal.onabort = () => {
      aborted = true;
    };
    return new Promise(() => {});
  };
  const { model } = custom([hang, yes], { attemptTimeoutMs: 20 });
  assert.equal((await model.complete(ask)).text, 'yes');
  assert.ok(aborted);
});

test("an abort reaches the model's signal and rejects with its reason", async () => {
  const controller = new AbortController();
  const { model } = custom([
    (_: ChatRequest, signal: AbortSignal) =>
      new Promise((__, reject) => {
        signal.onabort = () => reject(signal.reason);
      }),
  ]);
  const call = model.complete(ask, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 5);
  assert.equal((await rejection(call, Error)).message, 'enough');
});

test('concurrency, budget and cache work around a custom model', async (t) => {
  const cache = path.join(workFolder(t), 'cache');
  let inFlight = 0;
  let peak = 0;
  const slow = async () => {
    peak = Math.max(peak, ++inFlight);
    await new Promise((wake) => setTimeout(wake, 5));
    inFlight -= 1;
    return { text: 'yes', usage: { promptTokens: 1, completionTokens: 1 } };
  };
  const asking = (i: number): ChatRequest => ({ messages: [{ role: 'user', content: `why ${i}?` }] });
  const { model, requests } = custom([slow], { concurrency: 2, cache, maxTokens: 10, budgetTokens: 2000 });
  await Promise.all([0, 1, 2, 3, 4, 0].map((i) => model.complete(asking(i))));
  assert.deepEqual([peak, requests.length, model.usage().total.cachedCalls], [2, 5, 1]);
  assert.equal(model.usage().budgets[0]?.spent, '10 tokens');
  await model.close();
  const again = custom([slow], { cache, maxTokens: 10 });
  assert.equal((await again.model.complete(asking(3))).cached, true);
  await again.model.close();
});

for (const options of [{ baseUrl: 'http://localhost/v1' }, { apiKey: 'sk-1' }, { batch: 'folder' }, { stream: true }]) {
  test(`a custom model refuses the option ${Object.keys(options)}`, () => {
    assert.throws(() => custom([yes], options), /applies only to a model that is given by its name/);
  });
}
