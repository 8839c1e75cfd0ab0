import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../../../src/llm/failures/attemptError.js';
import { classify, type Verdict } from '../../../src/llm/failures/classify.js';
import { parseBaseUrl } from '../../../src/llm/openai/baseUrl.js';
import { statusError } from '../../../src/llm/openai/httpErrors.js';
import { root } from '../../support/command.js';

type Row = [name: string, failure: Partial<AttemptErrorOptions> & { fault?: Fault }, expected: Partial<Verdict>];

const status = (status: number, serverMessage = '', more: Partial<AttemptErrorOptions> = {}) => ({
  status,
  serverMessage,
  ...more,
});
const stop = { action: 'stop' } as const;
const reject = { action: 'reject' } as const;
const retry = { action: 'retry' } as const;
const shorten = { action: 'shorten', room: undefined } as const;

const rows: Row[] = [
  ['a 401', status(401, 'Incorrect API key'), stop],
  ['a 402', status(402), stop],
  ['a 403 for the region', status(403, 'Country not supported'), stop],
  ['a 403 of moderation', status(403, 'Your input was flagged'), reject],
  ['a 404', status(404, 'The model does not exist'), stop],
  ['a 405', status(405), stop],
  ['a 400 model_not_found', status(400, '', { code: 'model_not_found' }), stop],
  ['a 400 for an invalid key', status(400, 'API key not valid. Please pass a valid API key.'), stop],
  ['a 429 insufficient_quota', status(429, '', { code: 'insufficient_quota' }), stop],
  ['a 429 whose type is insufficient_quota', status(429, '', { type: 'insufficient_quota' }), stop],
  ['a 429 insufficient balance', status(429, 'Insufficient Balance'), stop],
  ['a 429 with a time', status(429, '', { retryAfterMs: 250 }), { action: 'hold', forMs: 250 }],
  ['a 429 without', status(429), { action: 'hold', forMs: undefined }],
  ['a 429 whose message alone names the quota', status(429, 'You exceeded your current quota'), { action: 'hold' }],
  ['a 429 that no wait can fix', status(429, 'Request too large for gpt-x on tokens per min'), reject],
  ['a 429 that says not to retry', status(429, '', { shouldRetry: false }), reject],
  ['a 400 of the content filter', status(400, '', { code: 'content_filter' }), reject],
  ['a 400 of a content policy', status(400, 'violates our content policy'), reject],
  ['a 400 context_length_exceeded', status(400, '', { code: 'context_length_exceeded' }), shorten],
  ["a 400 in vLLM's words", status(400, "This model's maximum context length is 4096 tokens"), shorten],
  ["a 400 in llama.cpp's words", status(400, 'the request exceeds the available context size'), shorten],
  [
    'a 400 that names the room left',
    status(
      400,
      'maximum context length is 4096 tokens. However, you requested 5000 (4000 in the messages, 1000 in the',
    ),
    { action: 'shorten', room: 96 },
  ],
  [
    "a 400 in newer vLLM's words",
    status(
      400,
      "'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 1200 input tokens",
    ),
    { action: 'shorten', room: 2896 },
  ],
  ...[
    'The input token count (40000) exceeds the maximum number of tokens allowed (32768).',
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    '`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 512 `max_new_tokens`',
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'Range of input length should be [1, 30720]',
  ].map((words): Row => [`a 400: ${words.slice(0, 30)}…`, status(400, words), { action: 'shorten' }]),
  ['a 400 without credit', status(400, 'Your credit balance is too low to access the API'), stop],
  ['a 400 Arrearage', status(400, 'Access denied', { code: 'Arrearage' }), stop],
  ['a 200 that says the quota is gone', status(200, 'no quota', { code: 'insufficient_quota' }), stop],
  ['a 400 for a key named safety_identifier', status(400, "Unknown name 'safety_identifier'"), { badRequest: true }],
  ['a 413', status(413), reject],
  ['another 400', status(400, 'bad thing'), { action: 'reject', badRequest: true }],
  ['a 422', status(422), { action: 'reject', badRequest: true }],
  ['a 400 that says to retry', status(400, '', { shouldRetry: true }), retry],
  ['a 400 the adapter learned from', status(400, '', { adapted: true }), { action: 'replay' }],
  ['a 503 while loading', status(503, 'Loading model'), { action: 'wait' }],
  ['a 503 in the words of a hub', status(503, 'Model x is currently loading'), { action: 'wait' }],
  ...[408, 409, 425, 500, 504, 520, 529].map((n): Row => [`a ${n}`, status(n), retry]),
  ['a 500 that says not to retry', status(500, '', { shouldRetry: false }), reject],
  ['a 503 with a time', status(503, '', { retryAfterMs: 900 }), { action: 'away', forMs: 900 }],
  ...(['reset', 'timeout', 'empty-body', 'cut-body', 'html-body', 'no-choices', 'blank', 'finish-error'] as const).map(
    (fault): Row => [`the fault ${fault}`, { fault }, retry],
  ),
  ['a server that is not there', { fault: 'connect' }, { action: 'away', unreached: true }],
  ['an untrusted certificate', { fault: 'tls' }, stop],
  ['a redirect to another host', { fault: 'redirect', status: 302 }, stop],
  ['finish_reason length', { fault: 'length' }, { action: 'lengthen' }],
  ['finish_reason content_filter', { fault: 'content-filter' }, reject],
  ['a refusal', { fault: 'refusal' }, reject],
];

for (const [name, { fault = 'status', ...options }, expected] of rows) {
  test(`${name} means ${JSON.stringify(expected)}`, () => {
    const verdict = classify(new AttemptError(fault, { host: 'api.example', ...options })) as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected)) assert.equal(verdict[key], value, key);
  });
}

test('a refused key is reported with its status, its host and a fix', () => {
  const verdict = classify(
    new AttemptError('status', {
      host: 'api.example',
      status: 401,
      serverMessage: 'no',
      credential: 'the key in MY_KEY',
    }),
  );
  assert.ok(verdict.action === 'stop');
  assert.equal(verdict.reason, '401 from api.example: the key in MY_KEY was refused');
  assert.match(verdict.hint, /check that it is correct.*; the server says: no$/);
});

interface ErrorCase {
  name: string;
  status: number;
  body: unknown;
  want: string;
}

const fieldErrors = JSON.parse(readFileSync(path.join(root, 'test/fixtures/field/errors.json'), 'utf8')) as ErrorCase[];
/** Similar errors, in other words. */
const similarErrors: ErrorCase[] = (
  [
    ['OneAPI quota', 403, { error: { message: '用户额度不足, 剩余额度: ¥-0.01', code: 'insufficient_user_quota' } }],
    [
      'OneAPI quota as a 500',
      500,
      { error: { message: '预扣费额度失败, 用户剩余额度不足', code: 'insufficient_user_quota' } },
    ],
    [
      'Anthropic usage limit',
      400,
      { error: { message: 'You have reached your specified API usage limits. You will regain access on 2026-12-01.' } },
    ],
    [
      'Groq tokens per day',
      429,
      {
        error: {
          message:
            'Rate limit reached for model `m` on tokens per day (TPD): Limit 100000, Used 99900. Please try again in 12m30s.',
          code: 'rate_limit_exceeded',
        },
      },
    ],
    ['OpenRouter free models', 429, { error: { message: 'Rate limit exceeded: free-models-per-day.', code: 429 } }],
    ['a weekly limit', 429, { error: { message: 'You have exceeded your weekly quota.' } }],
    ['a suspended account', 403, { error: { message: 'Your account has been suspended for non-payment' } }],
    ['a revoked key', 400, { error: { message: 'The API key has been revoked.' } }],
    ['an expired virtual key', 400, { error: { message: 'Expired virtual key passed' } }],
    ['a disabled key', 403, { error: { message: 'This key was disabled by its owner' } }],
    [
      'a decommissioned model',
      400,
      {
        error: {
          message: 'The model `m-1.5` has been decommissioned and is no longer supported.',
          code: 'model_decommissioned',
        },
      },
    ],
    ['a model taken down', 400, { error: { message: 'Model m-2.1 is no longer available' } }],
    ['no such model', 400, { error: { message: 'The model m does not exist' } }],
    ['LiteLLM over budget', 400, { error: { message: 'ExceededBudget: User=u over budget. Spend=10.1, Budget=10.0' } }],
    [
      'an error without a wrapper',
      200,
      { code: 30001, message: 'Sorry, your account balance is insufficient', data: null },
    ],
  ] as const
).map(([name, status, body]) => ({ name, status, body, want: 'stop the run' }));

/** Limits that pass within minutes, and refusals that are about a record. */
const passingErrors: ErrorCase[] = (
  [
    [
      'OpenAI per minute',
      429,
      'Rate limit reached for gpt-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s. Visit https://platform.openai.com/account/rate-limits to learn more.',
      'hold',
    ],
    [
      'OpenAI without a payment method',
      429,
      'Rate limit reached on requests per min. Limit: 3 / min. Please try again in 20s. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.',
      'hold',
    ],
    [
      'Gemini per minute',
      429,
      'You exceeded your current quota, please check your plan and billing details. (GenerateRequestsPerMinutePerProjectPerModel-FreeTier)',
      'hold',
    ],
    ['DashScope throttling', 429, 'Allocated quota exceeded, please increase your quota limit.', 'hold'],
    ['Vertex', 429, 'Resource has been exhausted (e.g. check quota).', 'hold'],
    [
      'a warning about the account',
      403,
      'This text was flagged by moderation. Your account may be suspended if this happens again.',
      'reject',
    ],
    ['a thinking budget', 400, 'The answer exceeded the thinking budget', 'reject'],
    ['a parameter', 400, 'This model does not support response_format json_schema', 'reject'],
  ] as const
).map(([name, status, message, want]) => ({ name, status, body: { error: { message } }, want }));

const wanted: [want: RegExp, action: Verdict['action']][] = [
  [/^stop the run/, 'stop'],
  [/as context length/, 'shorten'],
  [/as finish length/, 'lengthen'],
  [/^hold/, 'hold'],
  [/^reject/, 'reject'],
];

// What is learned about a server is tested with serverCapabilities.
for (const { name, status, body, want } of [...fieldErrors, ...similarErrors, ...passingErrors].filter(
  ({ want }) => !want.startsWith('learn'),
)) {
  test(`an error body of the field, ${name} (${status}): ${want}`, () => {
    const target = { server: parseBaseUrl('https://api.example/v1'), credential: 'the key in K' };
    const failure = statusError({ statusCode: status, headers: {} }, JSON.stringify(body), target);
    const verdict = classify(failure);
    assert.equal(verdict.action, wanted.find(([pattern]) => pattern.test(want))?.[1], JSON.stringify(verdict));
  });
}

test('the reset that OpenRouter quotes in the body is read', () => {
  const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(Date.now() + 30_000) };
  const body = { error: { message: 'Rate limit exceeded: free-models-per-min', code: 429, metadata: { headers } } };
  const target = { server: parseBaseUrl('https://api.example/v1'), credential: undefined };
  const failure = statusError({ statusCode: 429, headers: {} }, JSON.stringify(body), target);
  assert.ok((failure.retryAfterMs ?? 0) > 20_000);
  assert.equal(classify(failure).action, 'hold');
});
