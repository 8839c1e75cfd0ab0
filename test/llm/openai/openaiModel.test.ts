import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { createModel } from '../../../src/llm/createModel.js';
import { openaiModel } from '../../../src/llm/openai/openaiModel.js';
import { type FaultName, faultNames } from '../../../src/standIn/faults/faults.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { completion, type Reply, refusal, withScript } from '../../support/scriptedServer.js';

const ask: ChatRequest = { messages: [{ role: 'user', content: '<question>Why is ice slippery?</question>' }] };

/** A scripted server, for what the stand-in does not do. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { baseUrl, close };
}

const thinkings: [FaultName, string][] = [
  ['thinkReasoning', 'reasoning'],
  ['thinkReasoningContent', 'reasoning_content'],
  ['thinkDetails', 'reasoning_details'],
  ['thinkBlock', 'think-block'],
  ['thinkNoOpener', 'think-block'],
];
for (const [fault, source] of thinkings) {
  test(`thinking that comes as ${fault} is kept apart from the answer`, async () => {
    const server = await startStandIn({ script: () => fault });
    const model = openaiModel({ model: 'm', baseUrl: server.baseUrl });
    const { text, thinking } = await model.complete(ask);
    assert.deepEqual(thinking, { text: 'Let me think: the material is short.', source });
    assert.match(text, /^1\. /);
    await model.close();
    await server.close();
  });
}

test('a request carries the sampling asked for, and only that', async () => {
  const server = await startStandIn();
  const model = openaiModel({ model: 'm', baseUrl: server.baseUrl });
  await model.complete({ ...ask, stage: 'doc2query' });
  await model.complete({ ...ask, temperature: 0, topP: 0.7, maxTokens: 900, seed: 4 });
  assert.deepEqual(
    server.ledger.calls.map(({ parameters }) => parameters),
    [{ model: 'm' }, { model: 'm', max_tokens: 900, temperature: 0, top_p: 0.7, seed: 4 }],
  );
  await model.close();
  await server.close();
});

test('an abort closes the request, rejects with its reason and leaves no listener', async () => {
  const server = await startStandIn({ script: () => 'stall' });
  const model = createModel({ model: 'm', baseUrl: server.baseUrl });
  const controller = new AbortController();
  const call = model.complete(ask, { signal: controller.signal });
  while (server.ledger.inFlight === 0) await delay(2);
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await delay(20);
  assert.equal(server.ledger.inFlight, 0);
  assert.deepEqual([model.usage().inFlight, model.usage().total.unknownAttempts], [0, 1]);
  await model.close();
  await server.close();
});

test('a signal shared by many calls keeps none of their listeners', async () => {
  const server = await startStandIn();
  const model = createModel({ model: 'm', baseUrl: server.baseUrl });
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 30 }, () => model.complete(ask, { signal })));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  await model.close();
  await server.close();
});

test('the key is in no error, whatever goes wrong, even if the server quotes it', async () => {
  const key = 'sk-proj-abc/DEF+123';
  const quoting = await startStandIn({ apiKey: 'another' });
  const faulty = await Promise.all(faultNames.map((fault) => startStandIn({ script: () => fault, stallMs: 300 })));
  for (const server of [quoting, ...faulty]) {
    const model = createModel({
      model: 'm',
      baseUrl: server.baseUrl,
      apiKey: key,
      maxAttempts: 2,
      baseDelayMs: 1,
      firstHoldMs: 1,
      rateLimitPatienceMs: 5,
      loadingPatienceMs: 5,
      loadingDelayMs: 5,
      deadAfterMs: 100,
      maxHoldMs: 100,
      attemptTimeoutMs: 5000,
    });
    const error: unknown = await model.complete(ask).catch((reason: unknown) => reason);
    assert.equal(server.ledger.calls[0]?.authorization, `Bearer ${key}`);
    const shown = inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error);
    assert.ok(!shown.includes(key) && !shown.includes('DEF+123'), shown);
    await model.close();
    await server.close();
  }
});

test('the key is not kept from whatever place of an answer the server quotes it in', async () => {
  const key = 'sk-proj-abc/DEF+123';
  const far = `${'x'.repeat(485)}${key} and so on`;
  const replies: Reply[] = [
    { body: completion('half', {}, { finish_reason: 'error', error: { message: `wrong key: ${key}` } }) },
    { body: completion(null, { refusal: `I will not say ${key}.` }) },
    { body: { ...completion('yes'), model: `served-for-${key}` } },
    { body: completion('yes', {}, { finish_reason: `stop ${key}` }) },
    refusal(401, `wrong key: ${key.toUpperCase()}`),
    refusal(400, 'no JSON', { code: 'json_validate_failed', failed_generation: `{"a": "${key}"` }),
    refusal(400, far),
    { status: 400, body: far },
    { status: 502, body: { error: { message: 'upstream', metadata: { raw: far } } } },
    { body: `<html><title>${far}</title></html>` },
  ];
  for (const reply of replies) {
    await withScript(
      () => reply,
      { apiKey: key, maxAttempts: 1 },
      async ({ model, notices }) => {
        const end: unknown = await model.complete(ask).catch((reason: unknown) => reason);
        const shown = inspect([end, notices], { depth: 12, showHidden: true }) + JSON.stringify(end);
        assert.ok(!/sk-proj/i.test(shown), shown);
        assert.match(shown, /\*/, 'it was there');
      },
    );
  }
});

test('a short key such as that of a local server is replaced only in its own case', async () => {
  await withScript(
    () => refusal(400, 'an empty answer for EMPTY'),
    { apiKey: 'EMPTY', maxAttempts: 1 },
    async ({ model }) => {
      await assert.rejects(model.complete(ask), /an empty answer for \*\*\*/);
    },
  );
});

test('credentials in the base URL go out as Basic authorization and appear in no error', async () => {
  const server = await startStandIn({ apiKey: 'another' });
  const baseUrl = server.baseUrl.replace('http://', 'http://ada:love%40lace@');
  const error: unknown = await createModel({ model: 'm', baseUrl })
    .complete(ask)
    .catch((reason: unknown) => reason);
  const sent = server.ledger.calls[0]?.authorization ?? '';
  assert.equal(Buffer.from(sent.replace('Basic ', ''), 'base64').toString(), 'ada:love@lace');
  const shown = inspect(error, { depth: 12, showHidden: true });
  assert.ok(!/love|YWRh/.test(shown), shown);
  await server.close();
});

test('a redirect to another host gets no request at all; one on the same host is followed', async () => {
  const target = await startStandIn();
  const elsewhere = await serve((_request, response) => {
    response.writeHead(307, { location: `${target.baseUrl}/chat/completions` }).end();
  });
  const stopped = createModel({ model: 'm', baseUrl: elsewhere.baseUrl, apiKey: 'sk-secret' });
  await assert.rejects(stopped.complete(ask), /307 from .*: it redirects to another host/);
  assert.equal(target.ledger.calls.length, 0);
  const moved = await serve((request, response) => {
    if (request.url === '/v1/chat/completions') response.writeHead(308, { location: '/v2/chat' }).end();
    else {
      const message = { content: request.headers.authorization };
      response.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] }));
    }
  });
  const followed = createModel({ model: 'm', baseUrl: moved.baseUrl, apiKey: 'sk-secret' });
  assert.equal((await followed.complete(ask)).text, 'Bearer sk-secret');
  for (const { close } of [stopped, followed, target, elsewhere, moved]) await close();
});

test('an error of a gateway inside a 200 counts by its own code', async () => {
  const body = JSON.stringify({ error: { code: 402, message: 'Insufficient credits' } });
  const server = await serve((_request, response) => response.end(body));
  const model = createModel({ model: 'm', baseUrl: server.baseUrl });
  await assert.rejects(model.complete(ask), /^ModelError: 402 from .*no credit/);
  await model.close();
  server.close();
});

test('content in parts is joined, and its thinking parts kept apart', async () => {
  const content = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
    { type: 'text', text: 'yes' },
  ];
  const body = JSON.stringify({ choices: [{ message: { content }, finish_reason: null }] });
  const server = await serve((_request, response) => response.end(body));
  const model = openaiModel({ model: 'm', baseUrl: server.baseUrl });
  const { text, thinking, finishReason } = await model.complete(ask);
  assert.deepEqual([text, thinking?.text, finishReason], ['yes', 'hm', 'unknown']);
  await model.close();
  server.close();
});

test('cached and thinking tokens are read as parts of prompt and completion', async () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 40,
    prompt_tokens_details: { cached_tokens: 64 },
    completion_tokens_details: { reasoning_tokens: 30 },
  };
  const body = JSON.stringify({ usage, choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }] });
  const server = await serve((_request, response) => response.end(body));
  const model = createModel({ model: 'm', baseUrl: server.baseUrl });
  const expected = { promptTokens: 100, completionTokens: 40, cachedTokens: 64, reasoningTokens: 30 };
  assert.deepEqual((await model.complete(ask)).usage, expected);
  await model.close();
  server.close();
});

test('extra headers are sent, and the environment of the openai client is not', async () => {
  const before = { ...process.env };
  Object.assign(process.env, { OPENAI_ORG_ID: 'org-x', OPENAI_CUSTOM_HEADERS: 'x-env: 1', OPENAI_API_KEY: 'sk-env' });
  let seen: Record<string, unknown> = {};
  const server = await serve((request, response) => {
    seen = request.headers;
    response.end(JSON.stringify({ choices: [{ message: { content: 'yes' } }] }));
  });
  const model = openaiModel({ model: 'm', baseUrl: server.baseUrl, headers: { 'X-Title': 'a test' } });
  await model.complete(ask);
  process.env = before;
  assert.equal(seen['x-title'], 'a test');
  assert.deepEqual([seen.authorization, seen['openai-organization'], seen['x-env']], [undefined, undefined, undefined]);
  await model.close();
  server.close();
});

test('a body that does not end is not kept', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(2 ** 20, 'x')));
    };
    response.on('drain', more);
    more();
  });
  const model = createModel({ model: 'm', baseUrl: server.baseUrl, maxAttempts: 1 });
  await assert.rejects(model.complete(ask), /a body of over 16 MiB/);
  await model.close();
  await server.close();
});
