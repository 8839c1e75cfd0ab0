import assert from 'node:assert/strict';
import test from 'node:test';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { type ProfileName, profileNames } from '../../../src/standIn/profiles/serverProfiles.js';
import { about, type ChatAnswer, post, standInFor } from '../../support/askStandIn.js';

/** Bodies as the servers themselves send them, taken from reports of their users. */
const bodies: [ProfileName, FaultName, number, unknown][] = [
  [
    'openai',
    'quota429',
    429,
    {
      error: {
        message:
          'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
        type: 'insufficient_quota',
        param: null,
        code: 'insufficient_quota',
      },
    },
  ],
  [
    'vllm',
    'contextLength400',
    400,
    {
      error: {
        message:
          "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (9000 in the messages, 100 in the completion). Please reduce the length of the messages or completion.",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    },
  ],
  ['vllm', 'auth401', 401, { error: 'Unauthorized' }],
  [
    'vllm-old',
    'model404',
    404,
    { object: 'error', message: 'The model `m` does not exist.', type: 'NotFoundError', param: null, code: 404 },
  ],
  [
    'ollama',
    'model404',
    404,
    {
      error: {
        message: 'model "m" not found, try pulling it first',
        type: 'not_found_error',
        param: null,
        code: null,
      },
    },
  ],
  ['ollama', 'http503', 503, { error: 'server busy, please try again.  maximum pending requests exceeded' }],
  ['llama.cpp', 'loading503', 503, { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }],
  [
    'llama.cpp',
    'contextLength400',
    400,
    {
      error: {
        code: 400,
        message: 'request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 9000,
        n_ctx: 8192,
      },
    },
  ],
  [
    'openrouter',
    'payment402',
    402,
    {
      error: {
        message:
          'This request requires more credits, or fewer max_tokens. You requested up to 100 tokens, but can only afford 0. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account',
        code: 402,
        metadata: { provider_name: null },
      },
    },
  ],
  [
    'openrouter',
    'error200',
    200,
    {
      error: {
        message: 'Provider returned error',
        code: 502,
        metadata: { raw: 'Internal Server Error', provider_name: 'StandIn' },
      },
    },
  ],
  [
    'deepseek',
    'payment402',
    402,
    {
      error: {
        message: 'Insufficient Balance',
        type: 'unknown_error',
        param: null,
        code: 'invalid_request_error',
      },
    },
  ],
  [
    'groq',
    'auth401',
    401,
    { error: { message: 'Invalid API Key', type: 'invalid_request_error', code: 'invalid_api_key' } },
  ],
  [
    'gemini',
    'auth401',
    400,
    [
      {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
          details: [
            {
              '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
              reason: 'API_KEY_INVALID',
              domain: 'googleapis.com',
            },
          ],
        },
      },
    ],
  ],
];
for (const [profile, fault, status, body] of bodies) {
  test(`${profile} shapes ${fault} as that server does`, async (t) => {
    const server = await standInFor(t, { profile, script: () => fault });
    const response = await post(server, about(1, { max_tokens: 100 }));
    assert.deepEqual([response.status, await response.json()], [status, body]);
  });
}

test('every profile shapes every error as JSON, with its message in it', async (t) => {
  const server = await Promise.all(
    profileNames.map((profile) => standInFor(t, { profile, refuses: [], script: () => 'bad400' })),
  );
  for (const each of server) {
    const body = await (await post(each, about(1))).text();
    assert.match(JSON.stringify(JSON.parse(body)), /expected another thing/);
  }
});

test('a 429 names its wait in the field or header that each server uses', async (t) => {
  const headersOf = async (profile: ProfileName) => {
    const server = await standInFor(t, { profile, script: () => 'rate429', retryAfterMs: 1500 });
    const response = await post(server, about(1));
    return { headers: response.headers, body: await response.text() };
  };
  const openai = await headersOf('openai');
  assert.equal(openai.headers.get('retry-after-ms'), '1500');
  assert.equal(openai.headers.get('retry-after'), '2');
  assert.match(openai.body, /Please try again in 1\.5s\./);
  const groq = await headersOf('groq');
  assert.deepEqual([groq.headers.get('retry-after'), groq.headers.get('retry-after-ms')], ['2', null]);
  const openrouter = await headersOf('openrouter');
  const resetMs = Number(openrouter.headers.get('x-ratelimit-reset')) - Date.now();
  assert.ok(resetMs > 0 && resetMs <= 1500, String(resetMs));
  assert.equal(openrouter.headers.get('retry-after'), null);
  assert.match(openrouter.body, /"X-RateLimit-Remaining":"0"/);
  const gemini = await headersOf('gemini');
  assert.match(gemini.body, /RetryInfo","retryDelay":"2s"/);
  for (const { headers } of [gemini, await headersOf('vllm'), await headersOf('ollama'), await headersOf('deepseek')]) {
    assert.deepEqual(
      [...headers.keys()].filter((name) => /retry|ratelimit/.test(name)),
      [],
    );
  }
});

test('Retry-After also comes as an HTTP date, as more than a minute, and as nonsense', async (t) => {
  const headersOf = async (fault: FaultName) =>
    (await post(await standInFor(t, { script: () => fault }), about(1))).headers;
  const aheadMs = Date.parse((await headersOf('rate429Date')).get('retry-after') ?? '') - Date.now();
  assert.ok(aheadMs > 0 && aheadMs < 5000, String(aheadMs));
  assert.equal((await headersOf('rate429Long')).get('retry-after'), '90');
  assert.equal((await headersOf('rate429Nonsense')).get('x-ratelimit-remaining-tokens'), '-1');
  assert.equal((await headersOf('rate429Bare')).get('retry-after'), null);
  assert.equal((await headersOf('noRetry500')).get('x-should-retry'), 'false');
  assert.equal((await headersOf('retryAnyway400')).get('x-should-retry'), 'true');
});

const thoughts: [ProfileName, (message: Record<string, unknown>) => unknown][] = [
  ['vllm', ({ reasoning }) => reasoning],
  ['vllm-old', ({ content }) => /^(.*?)\n<\/think>/.exec(String(content))?.[1]],
  ['ollama', ({ reasoning }) => reasoning],
  ['llama.cpp', ({ reasoning_content: thought }) => thought],
  ['openrouter', ({ reasoning_details: details }) => (details as { text: string }[])[0]?.text],
  ['deepseek', ({ reasoning_content: thought }) => thought],
  ['groq', ({ reasoning }) => reasoning],
];
for (const [profile, thoughtIn] of thoughts) {
  test(`${profile} puts its thinking where that server does`, async (t) => {
    const server = await standInFor(t, { profile, script: () => 'think' });
    const { choices } = (await (await post(server, about(1))).json()) as ChatAnswer;
    assert.equal(thoughtIn(choices[0]?.message ?? {}), 'Let me think: the material is short.');
  });
}

test('openai counts its thinking and shows none; a prompt seen before counts as cached', async (t) => {
  const server = await standInFor(t, { profile: 'openai-reasoning', script: () => 'think' });
  const long = { model: 'm', messages: [{ role: 'user', content: 'The tide turns. '.repeat(100) }] };
  await (await post(server, long)).text();
  const { choices, usage } = (await (await post(server, long)).json()) as ChatAnswer;
  assert.deepEqual(Object.keys(choices[0]?.message ?? {}), ['role', 'content']);
  assert.deepEqual(usage.prompt_tokens_details, { cached_tokens: 384, audio_tokens: 0 });
  assert.deepEqual(usage.completion_tokens_details, { reasoning_tokens: 9, audio_tokens: 0 });
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

const refused: [ProfileName, object, RegExp][] = [
  ['openai-reasoning', { max_tokens: 9 }, /Use 'max_completion_tokens' instead/],
  ['openai-reasoning', { temperature: 0.2 }, /'temperature' does not support 0\.2 with this model/],
  ['vllm-old', { max_completion_tokens: 64 }, /'extra_forbidden', 'loc': \('body', 'max_completion_tokens'\)/],
  ['vllm-old', { response_format: { type: 'json_schema' } }, /Input should be 'text' or 'json_object'/],
  ['deepseek', { response_format: { type: 'json_schema' } }, /This response_format type is unavailable now/],
  ['groq', { response_format: { type: 'json_schema' } }, /does not support response format `json_schema`/],
];
for (const [profile, parameters, words] of refused) {
  test(`${profile} refuses ${JSON.stringify(parameters)} in its own words`, async (t) => {
    const server = await standInFor(t, { profile });
    const response = await post(server, about(1, parameters));
    assert.equal(response.status, 400);
    assert.match(JSON.stringify(await response.json()).replaceAll('\\"', '"'), words);
    assert.equal((await post(server, about(1))).status, 200);
  });
}

test('JSON mode needs the word in the prompt, at the servers that say so', async (t) => {
  const body = {
    model: 'm',
    messages: [{ role: 'user', content: 'Say something.' }],
    response_format: { type: 'json_object' },
  };
  const statusOf = async (profile: ProfileName) => (await post(await standInFor(t, { profile }), body)).status;
  assert.deepEqual(
    await Promise.all((['openai', 'deepseek', 'groq', 'vllm', 'ollama'] as const).map(statusOf)),
    [400, 400, 400, 200, 200],
  );
});

test('deepseek sends blank lines ahead of its answer, and comments in its streams', async (t) => {
  const server = await standInFor(t, { profile: 'deepseek', medianMs: 40 });
  const plain = await (await post(server, about(1))).text();
  assert.match(plain, /^\n+\{"id"/);
  assert.equal(JSON.parse(plain).choices.length, 1);
  assert.match(await (await post(server, about(1, { stream: true }))).text(), /^: keep-alive\n\ndata: \{/);
});

test('what a profile refuses can be set, and refused in words that name nothing', async () => {
  for (const [vagueRefusals, words] of [
    [false, /System role not supported/],
    [true, /API 调用参数有误/],
  ] as const) {
    const server = await startStandIn({ refuses: 'system_role', vagueRefusals });
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'system', content: 'a' }] });
    const response = await fetch(`${server.baseUrl}/chat/completions`, { method: 'POST', body });
    assert.equal(response.status, 400);
    assert.match(await response.text(), words);
    await server.close();
  }
});

test('azure answers only at the address of a deployment with an API version, and takes its key as api-key', async () => {
  const server = await startStandIn({ profile: 'azure', apiKey: 'right' });
  const post = (url: string, headers: Record<string, string>) =>
    fetch(url, { method: 'POST', headers, body: JSON.stringify({ model: 'm', messages: [] }) });
  const [address, query] = server.baseUrl.split('?');
  assert.equal((await post(`${address}/chat/completions?${query}`, { 'api-key': 'right' })).status, 200);
  assert.equal((await post(`${address}/chat/completions?${query}`, { 'api-key': 'wrong' })).status, 401);
  assert.equal((await post(`${address}/chat/completions`, { 'api-key': 'right' })).status, 404);
  await server.close();
});
