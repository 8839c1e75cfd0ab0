import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { openModel } from '../../src/cli/options/openModel.js';
import { RejectError, UsageError } from '../../src/errors.js';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { cacheKey } from '../../src/llm/middleware/cacheKey.js';
import { completion, withScript } from '../support/scriptedServer.js';
import { workFolder } from '../support/workFolder.js';

const ask = { messages: [{ role: 'user' as const, content: 'Why?' }] };

test('the extra body and the reasoning effort are sent with every request', () =>
  withScript(
    () => ({ body: completion('Because.') }),
    {
      extraBody: { top_k: 20, chat_template_kwargs: { enable_thinking: false } },
      reasoningEffort: 'low',
      temperature: 1,
    },
    async ({ model, sent }) => {
      await model.complete(ask);
      const { messages: _messages, ...others } = sent[0] ?? {};
      assert.deepEqual(others, {
        model: 'm',
        temperature: 1,
        reasoning_effort: 'low',
        top_k: 20,
        chat_template_kwargs: { enable_thinking: false },
      });
    },
  ));

for (const name of ['model', 'messages', 'stream', 'n', 'temperature', 'max_tokens']) {
  test(`an extra body with ${name} is refused: it has an option of its own, or rareflow sets it`, () => {
    assert.throws(() => createModel({ model: 'm', extraBody: { [name]: 1 } }), UsageError);
  });
}

/** Runs a server that keeps the address and the headers of each request. */
async function withHeaders(
  options: (baseUrl: string) => Partial<ModelOptions>,
  body: (seen: { url: string; headers: IncomingHttpHeaders }[], model: ReturnType<typeof createModel>) => Promise<void>,
  status = 200,
) {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    seen.push({ url, headers });
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(status === 200 ? completion('yes') : { error: { message: JSON.stringify(headers) } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const model = createModel({ model: 'm', maxAttempts: 1, ...options(origin) });
  try {
    await body(seen, model);
  } finally {
    await model.close();
    server.closeAllConnections();
    server.close();
  }
}

test('the address of an Azure deployment gets the key as api-key, its query and no bearer token', () =>
  withHeaders(
    (origin) => ({
      baseUrl: `${origin}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21`,
      apiKey: 'azure-key-0123456789',
    }),
    async (seen, model) => {
      await model.complete(ask);
      assert.equal(seen[0]?.url, '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21');
      assert.deepEqual(
        [seen[0]?.headers['api-key'], seen[0]?.headers.authorization],
        ['azure-key-0123456789', undefined],
      );
    },
  ));

test('headers are sent, and neither those that are secrets nor others are quoted in errors', () =>
  withHeaders(
    (origin) => ({
      baseUrl: `${origin}/v1`,
      headers: { 'X-Title': 'my-project-title' },
      secretHeaders: { 'x-tenant': 'tenant-0123456789' },
    }),
    async (seen, model) => {
      await assert.rejects(model.complete(ask), (error) => {
        assert.ok(error instanceof RejectError);
        assert.match(error.message, /\*\*\*/);
        assert.doesNotMatch(error.message, /tenant-0123456789|my-project-title/);
        return true;
      });
      assert.deepEqual(
        [seen[0]?.headers['x-title'], seen[0]?.headers['x-tenant']],
        ['my-project-title', 'tenant-0123456789'],
      );
    },
    422,
  ));

test('the flags read the extra body from JSON or a file, and headers from values or variables', async (t) => {
  const file = path.join(workFolder(t), 'extra.json');
  writeFileSync(file, '{"min_p": 0.1}');
  const { extraBodyOption } = await import('../../src/cli/options/server/extraBody.js');
  assert.deepEqual(extraBodyOption.parse(`@${file}`), { min_p: 0.1 });
  assert.deepEqual(extraBodyOption.parse('{"a": {"b": [1]}}'), { a: { b: [1] } });
  for (const wrong of ['[1]', '{', '{"model": "x"}', '1']) {
    assert.equal(extraBodyOption.accepts(extraBodyOption.parse(wrong)), false, wrong);
  }
  assert.throws(() => extraBodyOption.parse('@missing.json'), /cannot read the extra body missing\.json/);

  const { headersOf } = await import('../../src/cli/options/server/headers.js');
  assert.deepEqual(headersOf({ header: ['X-A=b=c', 'd=e'], headerEnv: 'api-key=KEY' }, { KEY: 'secret' }), {
    headers: { 'x-a': 'b=c', d: 'e' },
    secretHeaders: { 'api-key': 'secret' },
  });
  assert.throws(() => headersOf({ headerEnv: 'api-key=KEY' }, {}), /the environment variable KEY is not set/);
  const given = 'sk-this-is-a-key/itself';
  assert.throws(
    () => headersOf({ headerEnv: `api-key=${given}` }, {}),
    (error) => error instanceof UsageError && !error.message.includes(given),
  );
  assert.throws(() => headersOf({ header: 'no-value' }, {}), /--header takes a name, = and a value/);
  const model = openModel(
    { model: 'm', baseUrl: 'http://127.0.0.1:1/v1', concurrency: 1, header: 'x-a=b', extraBody: { min_p: 0.1 } },
    {},
  );
  await model.close();
});

test('the key of an answer holds what shapes it, and stays as it was if nothing is added', async (t) => {
  const scope = { baseUrl: 'http://h/v1', model: 'm' };
  const before = cacheKey(ask, scope);
  assert.equal(cacheKey(ask, { ...scope, more: {} }), before);
  assert.notEqual(cacheKey(ask, { ...scope, more: { extraBody: { top_k: 1 } } }), before);
  const cache = path.join(workFolder(t), 'cache');
  let calls = 0;
  const askedWith = (options: Partial<ModelOptions>) =>
    withScript(
      () => ({ body: completion(`answer ${++calls}`) }),
      { cache, ...options },
      async ({ model }) => void (await model.complete(ask)),
    );
  await askedWith({});
  const kept = readFileSync(path.join(cache, 'data.mdb'));
  assert.ok(kept.length > 0);
  assert.equal(calls, 1);
});
